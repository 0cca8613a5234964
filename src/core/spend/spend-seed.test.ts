/**
 * A subject that is seeded again and again while its calls begin and end: whatever the ledger knew at
 * the time, nothing is lost and nothing is counted twice.
 *
 * The ledger lags as it does: it learns of a call before the call is sent (up to 900 ms after its
 * hold), and of its cost up to five seconds after the hold was settled. Other processes use the same
 * ledger. A seed is applied later than it was read, and what happened in between is not in it.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SpendSeed } from '../ports/counters.ts'
import type { Amount } from './amount.ts'
import type { SpendCap } from './caps.ts'
import { monthStartMs } from './month.ts'
import { SpendState } from './spend-state.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const START_MS = Date.UTC(2026, 0, 31, 23, 59, 50)
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const DAY: SpendCap = { name: 'spend_day', unit: 'micro_usd', window: 'day', quota: 0 }
const MONTH: SpendCap = { name: 'tokens_month', unit: 'tokens', window: 'month', quota: 0 }
const TOKENS_MINUTE: SpendCap = { name: 'minute', unit: 'tokens', window: 'minute', quota: 0 }

interface Call {
  readonly id: string
  readonly atMs: number
  readonly held: Amount
  /** When the ledger knows it. */
  readonly openedMs: number
  readonly isForeign: boolean
  cost: Amount | undefined
  /** When the ledger knows its cost. */
  closedMs: number
}

type Sum = Amount & { startMs: number }

/** What the ledger says at a time. */
function readLedger(calls: readonly Call[], readAtMs: number): SpendSeed {
  const sums = new Map<number, Sum>()
  const month: Sum = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
  const open: (Amount & { id: string; atMs: number })[] = []
  for (const { id, atMs, held, openedMs, cost, closedMs } of calls) {
    if (openedMs > readAtMs) continue
    if (cost === undefined || closedMs > readAtMs) {
      open.push({ id, atMs, ...held })
      continue
    }
    const startMs = atMs - (atMs % MINUTE_MS)
    const sum = sums.get(startMs) ?? { startMs, microUsd: 0, tokens: 0 }
    sums.set(startMs, plus(sum, cost))
    if (atMs >= month.startMs) Object.assign(month, plus(month, cost))
  }
  const minutes = [...sums.values()].sort((one, other) => one.startMs - other.startMs)
  return { subject: 'so', readAtMs, minutes, month, open }
}

const plus = (sum: Sum, { microUsd, tokens }: Amount): Sum => ({
  ...sum,
  microUsd: sum.microUsd + microUsd,
  tokens: sum.tokens + tokens,
})

const amount = fc.record({ microUsd: fc.nat(25), tokens: fc.nat(25) })
const step = fc.record({
  wait: fc.constantFrom(0, 0, 1, 20, 300, 999, 1000, 1001, 4000, 6000, 70_000, DAY_MS / 2),
  begin: fc.option(fc.record({ held: amount, lagMs: fc.nat(900), isForeign: fc.boolean() }), {
    freq: 3,
  }),
  end: fc.option(
    fc.record({ which: fc.nat(6), cost: amount, lagMs: fc.integer({ min: 1, max: 5000 }) }),
    { freq: 2 },
  ),
  read: fc.boolean(),
  apply: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class Run {
  nowMs = START_MS
  readonly calls: Call[] = []
  readonly state = new SpendState(readLedger([], START_MS), START_MS)
  #pending: SpendSeed | undefined
  #seededAtMs = START_MS
  /** What was last known of calls of others. */
  foreign: Call[] = []
  #foreignAtRead: Call[] = []

  step({ wait, begin, end, read, apply }: Step): void {
    this.nowMs += wait
    if (begin !== null) this.#begin(begin.held, begin.lagMs, begin.isForeign)
    if (end !== null) this.#end(end.which, end.cost, end.lagMs)
    if (read) this.#read()
    if (apply) this.#apply()
  }

  #begin(held: Amount, lagMs: number, isForeign: boolean): void {
    const { nowMs, calls } = this
    const id = `${calls.length}`
    const times = { atMs: nowMs, openedMs: nowMs + lagMs, closedMs: 0 }
    calls.push({ id, held, ...times, isForeign, cost: undefined })
    if (!isForeign) this.state.take(id, held, nowMs)
  }

  /** Ends a call; it was sent only once the ledger knew it. */
  #end(which: number, cost: Amount, lagMs: number): void {
    const call = this.calls.filter((one) => one.cost === undefined && one.openedMs <= this.nowMs)[
      which
    ]
    if (call === undefined) return
    call.cost = cost
    call.closedMs = this.nowMs + lagMs
    if (!call.isForeign) this.state.settle(call.id, cost, this.nowMs)
  }

  #read(): void {
    this.#pending = readLedger(this.calls, this.nowMs)
    const known = this.calls.filter((one) => one.isForeign && one.openedMs <= this.nowMs)
    this.#foreignAtRead = known.map((one) =>
      one.closedMs <= this.nowMs ? { ...one } : { ...one, cost: undefined },
    )
  }

  #apply(): void {
    const seed = this.#pending
    this.#pending = undefined
    if (seed === undefined) return
    this.state.seed(seed, this.nowMs)
    if (this.#seededAtMs >= seed.readAtMs || this.nowMs - seed.readAtMs >= 5000) return
    this.#seededAtMs = this.nowMs
    this.foreign = this.#foreignAtRead
  }

  /** What all calls that can be known have used. */
  expected(counts: (atMs: number) => boolean): Amount {
    let sum: Sum = { startMs: 0, microUsd: 0, tokens: 0 }
    const own = this.calls.filter((one) => !one.isForeign)
    for (const { atMs, held, cost } of [...own, ...this.foreign]) {
      if (counts(atMs)) sum = plus(sum, cost ?? held)
    }
    return sum
  }
}

test('nothing is lost and nothing is counted twice, whenever a seed is read and applied', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (trace) => {
      const run = new Run()
      for (const now of trace) {
        run.step(now)
        const { state, nowMs } = run
        const leavesMs = (atMs: number): number => atMs - (atMs % MINUTE_MS) + MINUTE_MS + DAY_MS
        const day = run.expected((atMs) => leavesMs(atMs) > nowMs)
        const month = run.expected((atMs) => atMs >= monthStartMs(nowMs))
        const minute = run.expected((atMs) => atMs > nowMs - MINUTE_MS)
        expect(state.used(DAY, nowMs)).toBe(day.microUsd)
        expect(state.used(MONTH, nowMs)).toBe(month.tokens)
        expect(state.used(TOKENS_MINUTE, nowMs)).toBeGreaterThanOrEqual(minute.tokens)
      }
    }),
    { numRuns: RUNS },
  )
})
