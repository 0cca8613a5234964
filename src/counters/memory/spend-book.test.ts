/** Spend of many subjects in one process: one decision over all, and bounded memory. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hold, SpendCharge, SpendSeed, TakenHold } from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import type { SpendCap } from '../../core/spend/caps.ts'
import { monthStartMs } from '../../core/spend/month.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters, type MemoryCounters } from './index.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const usd = (microUsd: number): Amount => ({ microUsd, tokens: 0 })
const day = (quota: number): SpendCap => ({
  name: 'spend_day',
  unit: 'micro_usd',
  window: 'day',
  quota,
})
const nothing = (subject: string, readAtMs: number): SpendSeed => ({
  subject,
  readAtMs,
  minutes: [],
  month: { startMs: monthStartMs(readAtMs), ...usd(0) },
  open: [],
})

/** Takes a hold, and seeds what is missing from `sums`, as the engine does. */
class Caller {
  readonly counters: MemoryCounters
  seeds = 0
  #holds = 0
  readonly #settled = new Map<string, number>()
  readonly #open = new Map<string, TakenHold & { readonly amount: Amount }>()

  constructor(counters: MemoryCounters) {
    this.counters = counters
  }

  take(amount: Amount, charges: readonly SpendCharge[]): TakenHold | undefined {
    const id = `${this.#holds++}`
    const hold: Hold = { id, amount, charges, seededSinceMs: 0 }
    let outcome = this.counters.consume({ charges: [], hold })
    if (outcome.kind === 'unseeded') {
      this.counters.seed(outcome.subjects.map((subject) => this.#seedOf(subject)))
      this.seeds += outcome.subjects.length
      outcome = this.counters.consume({ charges: [], hold })
    }
    if (outcome.kind !== 'admitted') return undefined
    const taken = { id, atMs: outcome.receipt.atMs, charges, amount }
    this.#open.set(id, taken)
    return taken
  }

  settle(hold: TakenHold, microUsd: number): void {
    this.counters.settleHold(hold, usd(microUsd))
    this.#open.delete(hold.id)
    for (const { subject } of hold.charges) {
      this.#settled.set(subject, (this.#settled.get(subject) ?? 0) + microUsd)
    }
  }

  #seedOf(subject: string): SpendSeed {
    const readAtMs = this.counters.nowMs()
    const startMs = readAtMs - (readAtMs % 60_000)
    const open = [...this.#open.values()].filter(({ charges }) =>
      charges.some((charge) => charge.subject === subject),
    )
    return {
      ...nothing(subject, readAtMs),
      minutes: [{ startMs, ...usd(this.#settled.get(subject) ?? 0) }],
      open: open.map(({ id, atMs, amount }) => ({ id, atMs, ...amount })),
    }
  }
}

describe('a subject that was dropped for others', () => {
  test('is seeded again, and its cap holds', () => {
    const clock = createTestClock()
    const caller = new Caller(createMemoryCounters({ clock, maxSpenders: 10 }))
    const spent = new Map<string, number>()
    for (let call = 0; call < 5000; call += 1) {
      const subject = `sk${(call * 7919) % 50}`
      const hold = caller.take(usd(30), [{ subject, caps: [day(100)] }])
      clock.advance(10)
      if (hold === undefined) continue
      caller.settle(hold, 20)
      spent.set(subject, (spent.get(subject) ?? 0) + 20)
      clock.advance(5000)
    }
    expect(caller.counters.tracked).toBe(10)
    expect(caller.seeds).toBeGreaterThan(100)
    expect([...spent.values()]).toEqual(Array.from({ length: 50 }, () => 80))
  })

  test('is not one whose calls run or have just ended', () => {
    const clock = createTestClock()
    const caller = new Caller(createMemoryCounters({ clock, maxSpenders: 5 }))
    const busy = { subject: 'skBusy', caps: [day(100)] }
    const ended = { subject: 'skEnded', caps: [day(100)] }
    caller.take(usd(1), [busy])
    const hold = caller.take(usd(1), [ended])
    if (hold !== undefined) caller.settle(hold, 1)
    const flood = (waitMs: number): void => {
      for (let index = 0; index < 100; index += 1) {
        const other = caller.take(usd(1), [{ subject: `sk${waitMs} ${index}`, caps: [] }])
        if (other !== undefined) caller.counters.settleHold(other, usd(0))
        clock.advance(waitMs)
      }
    }
    flood(1)
    const before = caller.seeds
    caller.take(usd(1), [busy, ended])
    expect(caller.seeds).toBe(before)
    flood(10_000)
    expect(caller.counters.tracked).toBe(5)
  })

  test('is not seeded by what was read before its last calls', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock, maxSpenders: 1 })
    const slow = nothing('sk1', counters.nowMs())
    clock.advance(1)
    const caller = new Caller(counters)
    const charges = [{ subject: 'sk1', caps: [day(100)] }]
    const hold = caller.take(usd(100), charges)
    if (hold !== undefined) caller.settle(hold, 100)
    clock.advance(10_000)
    counters.seed([nothing('sk2', counters.nowMs()), slow])
    expect(caller.take(usd(1), charges)).toBeUndefined()
    expect(caller.seeds).toBe(2)
  })
})

interface Taken {
  readonly hold: TakenHold
  cost: number
}

test('no interleaving of calls on shared subjects passes a cap of any of them', () => {
  const subjects = ['sk1', 'sk2', 'soa@example.com', 'sa']
  const step = fc.record({
    wait: fc.constantFrom(0, 0, 0, 1, 30_000, 60_000, 3_600_000, 43_200_000, 86_400_000),
    on: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    held: fc.nat(40),
    settle: fc.option(fc.record({ which: fc.nat(5), part: fc.nat(100) }), { freq: 2 }),
  })
  const quotas = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(quotas, fc.array(step, { maxLength: 60 }), (list, trace) => {
      const clock = createTestClock()
      const counters = createMemoryCounters({ clock })
      counters.seed(subjects.map((subject) => nothing(subject, counters.nowMs())))
      const caps = list.map((quota) => [day(quota)])
      const taken: Taken[] = []
      const open: Taken[] = []
      const inWindow = (subject: string, fromMs: number, toMs: number): number =>
        taken
          .filter(({ hold: { atMs, charges } }) => {
            return atMs > fromMs && atMs <= toMs && charges.some((one) => one.subject === subject)
          })
          .reduce((sum, { cost }) => sum + cost, 0)
      for (const [index, { wait, on, held, settle }] of trace.entries()) {
        clock.advance(wait)
        const charges = on.map((at) => ({ subject: subjects[at] ?? '', caps: caps[at] ?? [] }))
        const hold = { id: `${index}`, amount: usd(held), charges, seededSinceMs: 0 }
        const before = counters.spendStatus(charges).map(([status]) => status?.used ?? 0)
        const outcome = counters.consume({ charges: [], hold })
        const fits = on.every((at, place) => (before[place] ?? 0) + held <= (list[at] ?? 0))
        expect(outcome.kind).toBe(fits ? 'admitted' : 'refused')
        const after = counters.spendStatus(charges).map(([status]) => status?.used ?? 0)
        expect(after).toEqual(before.map((used) => (fits ? used + held : used)))
        if (outcome.kind === 'admitted') {
          const one = { hold: { ...hold, atMs: outcome.receipt.atMs }, cost: held }
          taken.push(one)
          open.push(one)
        }
        const [ended] = settle === null ? [] : open.splice(settle.which, 1)
        if (ended === undefined || settle === null) continue
        ended.cost = Math.floor((ended.cost * settle.part) / 100)
        counters.settleHold(ended.hold, usd(ended.cost))
      }
      for (const { hold } of taken) {
        for (const [at, subject] of subjects.entries()) {
          const used = inWindow(subject, hold.atMs - 86_400_000, hold.atMs)
          expect(used).toBeLessThanOrEqual(list[at] ?? 0)
        }
      }
    }),
    { numRuns: RUNS },
  )
})
