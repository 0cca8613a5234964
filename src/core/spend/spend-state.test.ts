/**
 * What a subject has spent, against a ledger that keeps every call ever made and adds them up anew for
 * each question.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SpendSeed } from '../ports/counters.ts'
import type { Amount } from './amount.ts'
import type { SpendCap, SpendUnit, SpendWindow } from './caps.ts'
import { SpendState } from './spend-state.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const START_MS = Date.UTC(2026, 0, 31, 22, 58, 59, 990)
const DAY_MS = 86_400_000
const SPANS = {
  minute: { sliceMs: 1000, windowMs: 60_000 },
  day: { sliceMs: 60_000, windowMs: DAY_MS },
} as const

interface Call {
  readonly id: string
  readonly atMs: number
  amount: Amount
  settledAtMs: number
}

const unitsOf = (unit: SpendUnit, { microUsd, tokens }: Amount): number =>
  unit === 'tokens' ? tokens : microUsd

const monthOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 7)

/** Every call, in full until it is settled. */
class NaiveLedger {
  readonly calls: Call[] = []

  /** Used, where `counts` says which calls still count. */
  sum(unit: SpendUnit, counts: (atMs: number) => boolean): number {
    let used = 0
    for (const call of this.calls) if (counts(call.atMs)) used += unitsOf(unit, call.amount)
    return used
  }

  /** In the window as it is promised, to the millisecond; `moreMs` longer. */
  inWindow({ unit, window }: SpendCap, nowMs: number, moreMs = 0): number {
    if (window === 'month') return this.sum(unit, (atMs) => monthOf(atMs) === monthOf(nowMs))
    const { windowMs } = SPANS[window]
    return this.sum(unit, (atMs) => atMs > nowMs - windowMs - moreMs)
  }

  /** In slices, as it is decided. */
  used(cap: SpendCap, nowMs: number): number {
    if (cap.window === 'month') return this.inWindow(cap, nowMs)
    const { sliceMs, windowMs } = SPANS[cap.window]
    const leavesMs = (atMs: number): number => atMs - (atMs % sliceMs) + sliceMs + windowMs
    return this.sum(cap.unit, (atMs) => leavesMs(atMs) > nowMs)
  }

  fits(cap: SpendCap, amount: Amount, nowMs: number): boolean {
    return this.used(cap, nowMs) + unitsOf(cap.unit, amount) <= cap.quota
  }
}

const emptySeed = (readAtMs: number): SpendSeed => ({
  subject: 'sk7Hq2mZ9x',
  readAtMs,
  minutes: [],
  month: { startMs: readAtMs, microUsd: 0, tokens: 0 },
  open: [],
})

const cap: fc.Arbitrary<SpendCap> = fc.record({
  name: fc.constant('cap'),
  unit: fc.constantFrom<SpendUnit>('micro_usd', 'tokens'),
  window: fc.constantFrom<SpendWindow>('minute', 'day', 'month'),
  quota: fc.nat(60),
})
const caps = fc.array(cap, { minLength: 1, maxLength: 4 })
const amount = fc.record({ microUsd: fc.nat(25), tokens: fc.nat(25) })
const wait = fc.constantFrom(
  ...[0, 0, 0, 1, 7, 999, 1000, 30_000, 59_999, 60_000, 61_000],
  ...[600_000, DAY_MS / 2, DAY_MS, DAY_MS + 60_000, 20 * DAY_MS],
)
const step = fc.record({
  wait,
  take: amount,
  settle: fc.option(fc.record({ which: fc.nat(9), actual: amount }), { freq: 2 }),
})
const steps = fc.array(step, { maxLength: 60 })

interface Played {
  readonly state: SpendState
  readonly ledger: NaiveLedger
  readonly open: Call[]
  nowMs: number
}

/** Plays one step on both, and compares all that can be seen. */
function play(
  played: Played,
  list: readonly SpendCap[],
  now: typeof step extends fc.Arbitrary<infer T> ? T : never,
  mayCostMore: boolean,
): void {
  const { state, ledger, open } = played
  played.nowMs += now.wait
  const { nowMs } = played
  const fits = list.every((one) => ledger.fits(one, now.take, nowMs))
  expect(list.every((one) => state.fits(one, now.take, nowMs))).toBe(fits)
  if (fits) {
    const call = { id: `${ledger.calls.length}`, atMs: nowMs, amount: now.take, settledAtMs: 0 }
    state.take(call.id, now.take, nowMs)
    ledger.calls.push(call)
    open.push(call)
  }
  const [ended] = now.settle === null ? [] : open.splice(now.settle.which, 1)
  if (ended !== undefined && now.settle !== null) {
    const { microUsd, tokens } = now.settle.actual
    const held = ended.amount
    ended.amount = mayCostMore
      ? { microUsd, tokens }
      : { microUsd: Math.min(microUsd, held.microUsd), tokens: Math.min(tokens, held.tokens) }
    state.settle(ended.id, ended.amount, nowMs)
    state.settle(ended.id, { microUsd: 1000, tokens: 1000 }, nowMs)
  }
  for (const one of list) {
    const used = state.used(one, nowMs)
    expect(used).toBe(ledger.used(one, nowMs))
    expect(used).toBeGreaterThanOrEqual(ledger.inWindow(one, nowMs))
    const sliceMs = one.window === 'month' ? 0 : SPANS[one.window].sliceMs
    expect(used).toBeLessThanOrEqual(ledger.inWindow(one, nowMs, sliceMs))
  }
}

function begin(): Played {
  const state = new SpendState(emptySeed(START_MS), START_MS)
  return { state, ledger: new NaiveLedger(), open: [], nowMs: START_MS }
}

describe('decides like a ledger that keeps every call', () => {
  test('and no window, to the millisecond, ever holds more than its cap', () => {
    fc.assert(
      fc.property(caps, steps, (list, trace) => {
        const played = begin()
        for (const now of trace) play(played, list, now, false)
        for (const { atMs } of played.ledger.calls) {
          const ledger = new NaiveLedger()
          ledger.calls.push(...played.ledger.calls.filter((call) => call.atMs <= atMs))
          for (const one of list) expect(ledger.inWindow(one, atMs)).toBeLessThanOrEqual(one.quota)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('and counts costs above what was held', () => {
    fc.assert(
      fc.property(caps, steps, (list, trace) => {
        const played = begin()
        for (const now of trace) play(played, list, now, true)
      }),
      { numRuns: RUNS },
    )
  })

  test('and once all is settled with 0, nothing is used', () => {
    fc.assert(
      fc.property(caps, steps, (list, trace) => {
        const played = begin()
        const { state, ledger } = played
        for (const now of trace) play(played, list, { ...now, settle: null }, false)
        for (const { id } of ledger.calls)
          state.settle(id, { microUsd: 0, tokens: 0 }, played.nowMs)
        for (const one of list) expect(state.used(one, played.nowMs)).toBe(0)
        expect(state.isNeeded(played.nowMs + 10_000)).toBe(false)
      }),
      { numRuns: RUNS },
    )
  })
})

test('waiting exactly as long as told admits, 1 ms less does not', () => {
  fc.assert(
    fc.property(caps, steps, amount, (list, trace, asked) => {
      const played = begin()
      for (const now of trace) play(played, list, now, true)
      const { state, ledger, nowMs } = played
      for (const one of list) {
        const waitMs = state.waitMs(one, asked, nowMs)
        if (ledger.fits(one, asked, nowMs)) expect(waitMs).toBe(0)
        else if (unitsOf(one.unit, asked) > one.quota) {
          if (one.window !== 'month') expect(waitMs).toBe(SPANS[one.window].windowMs)
        } else {
          expect(ledger.fits(one, asked, nowMs + waitMs)).toBe(true)
          expect(ledger.fits(one, asked, nowMs + waitMs - 1)).toBe(false)
        }
      }
      const longestMs = Math.max(0, ...list.map((one) => state.waitMs(one, asked, nowMs)))
      const canFit = list.every((one) => unitsOf(one.unit, asked) <= one.quota)
      const fits = list.every((one) => state.fits(one, asked, nowMs + longestMs))
      expect(fits).toBe(canFit)
    }),
    { numRuns: RUNS },
  )
})
