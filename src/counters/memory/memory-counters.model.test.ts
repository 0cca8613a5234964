/**
 * Memory counters against a model that is too simple to be wrong: it keeps every admission ever made
 * and counts them anew for each question.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Limit } from '../../core/limits/limit.ts'
import type { Charge, Receipt } from '../../core/ports/counters.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters } from './index.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

interface Entry {
  readonly atMs: number
  units: number
}

/** One subject with one list of limits. */
class NaiveSubject {
  readonly limits: readonly Limit[]
  readonly log: Entry[] = []
  readonly burstsMs = new Map<string, number>()

  constructor(limits: readonly Limit[]) {
    this.limits = limits
  }

  units(sinceMs: number): number {
    let units = 0
    for (const entry of this.log) if (entry.atMs > sinceMs) units += entry.units
    return units
  }

  used(limit: Limit, nowMs: number): number {
    const { windowMs } = limit
    if (limit.algorithm === 'sliding-window') return this.units(nowMs - windowMs)
    if (limit.algorithm === 'fixed-window') return this.units(nowMs - (nowMs % windowMs) - 1)
    return Number((this.parts(limit, nowMs) + BigInt(windowMs) - 1n) / BigInt(windowMs))
  }

  /** The level of a bucket in parts of 1 / window. */
  parts(limit: Limit, nowMs: number): bigint {
    let level = 0n
    let atMs = 0
    for (const entry of [...this.log, { atMs: nowMs, units: 0 }]) {
      level -= BigInt(entry.atMs - atMs) * BigInt(limit.quota)
      if (level < 0n) level = 0n
      level += BigInt(entry.units) * BigInt(limit.windowMs)
      atMs = entry.atMs
    }
    return level
  }

  fitsLimit(limit: Limit, cost: number, nowMs: number): boolean {
    const { quota, windowMs, burst } = limit
    const used = this.used(limit, nowMs)
    if (used + cost <= quota) return true
    if (burst === undefined) return false
    if (used + cost > quota + burst.extraQuota) return false
    if (this.units(nowMs - 2 * windowMs) + cost > 2 * quota) return false
    const sinceMs = nowMs - (this.burstsMs.get(limit.name) ?? Number.NEGATIVE_INFINITY)
    return sinceMs < burst.durationMs || sinceMs >= windowMs
  }

  fits(cost: number, nowMs: number): boolean {
    return this.limits.every((limit) => this.fitsLimit(limit, cost, nowMs))
  }

  take(cost: number, nowMs: number): Entry {
    for (const limit of this.limits) {
      if (limit.burst === undefined || this.used(limit, nowMs) + cost <= limit.quota) continue
      const beganMs = this.burstsMs.get(limit.name) ?? Number.NEGATIVE_INFINITY
      if (nowMs - beganMs >= limit.burst.durationMs) this.burstsMs.set(limit.name, nowMs)
    }
    const entry = { atMs: nowMs, units: cost }
    this.log.push(entry)
    return entry
  }

  remaining(nowMs: number): number[] {
    return this.limits.map((limit) => Math.max(0, limit.quota - this.used(limit, nowMs)))
  }

  /** The first time from which the cost fits at every later one, found by trying each ms. */
  opensAtMs(cost: number, nowMs: number, lastMs: number): number {
    let atMs = lastMs
    while (atMs > nowMs && this.fits(cost, atMs - 1)) atMs -= 1
    return atMs
  }
}

const windows = fc.constantFrom(
  1,
  2,
  7,
  1000,
  60_000,
  86_400_000,
  30 * 86_400_000,
  366 * 86_400_000,
)
const smallWindows = fc.integer({ min: 1, max: 30 })

function slidingLimits(window: fc.Arbitrary<number>, bursts = true): fc.Arbitrary<Limit> {
  const parts = {
    quota: fc.integer({ min: 1, max: 9 }),
    window,
    extra: fc.nat(9),
    part: fc.nat(100),
  }
  return fc.record(parts).map(({ quota, window: windowMs, extra, part }) => {
    const limit = { name: '', quota, windowMs, algorithm: 'sliding-window' } as const
    if (!bursts || extra === 0) return limit
    const durationMs = Math.max(1, Math.ceil((windowMs * part) / 100))
    return { ...limit, burst: { extraQuota: extra, durationMs } }
  })
}

const meteredLimits = (window: fc.Arbitrary<number>): fc.Arbitrary<Limit> =>
  fc.record({
    name: fc.constant(''),
    quota: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 999_999_000, max: 1e9 })),
    windowMs: window,
    algorithm: fc.constantFrom('token-bucket', 'leaky-bucket', 'fixed-window'),
  })

const lists = (limit: fc.Arbitrary<Limit>): fc.Arbitrary<readonly Limit[]> =>
  fc
    .array(limit, { minLength: 1, maxLength: 3 })
    .map((limits) => limits.map((one, index) => ({ ...one, name: `limit-${index}` })))

/** One step of a trace; waits are parts of a window, so that edges are met. */
const steps = fc.array(
  fc.record({
    wait: fc.constantFrom(0, 0, 0, 0, 0.01, 0.2, 0.5, 1, 1, 2),
    more: fc.integer({ min: -1, max: 1 }),
    ofLimit: fc.nat(2),
    cost: fc.integer({ min: 1, max: 9 }),
    settle: fc.option(fc.record({ which: fc.nat(20), actual: fc.nat(14) }), { freq: 3 }),
  }),
  { maxLength: 60 },
)
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never
type Settling = 'none' | 'less' | 'more' | 'both'

/** Plays a trace on both; the counters' admissions are charged to the model. */
function play(limits: readonly Limit[], trace: Steps, settling: Settling): void {
  const clock = createTestClock(1_750_000_000_123)
  const counters = createMemoryCounters({ clock })
  const model = new NaiveSubject(limits)
  const open: { readonly receipt: Receipt; readonly entry: Entry; readonly cost: number }[] = []
  for (const step of trace) {
    const windowMs = limits[step.ofLimit % limits.length]?.windowMs ?? 1
    clock.advance(Math.max(0, Math.floor(windowMs * step.wait) + step.more))
    const nowMs = clock.monotonicMs()
    const cost = Math.min(step.cost, ...limits.map((limit) => limit.quota))
    const fits = model.fits(cost, nowMs)
    const charge: Charge = { subject: 'k7Hq2mZ9x', limits, cost }
    const peeked = counters.peek({ charges: [charge] })
    const outcome = counters.consume({ charges: [charge] })
    expect(peeked.kind).toBe(outcome.kind)
    if (settling === 'both') {
      if (outcome.kind === 'admitted') expect(fits).toBe(true)
    } else expect(outcome.kind === 'admitted').toBe(fits)
    if (outcome.kind === 'admitted') {
      open.push({ receipt: outcome.receipt, entry: model.take(cost, nowMs), cost })
    }
    if (settling !== 'both' && 'limits' in outcome) {
      const remaining = outcome.limits[0]?.map((status) => status.remaining)
      expect(remaining).toEqual(model.remaining(nowMs))
    }
    if (step.settle === null || settling === 'none') continue
    const settled = open.splice(step.settle.which, 1)[0]
    if (settled === undefined) continue
    const { actual } = step.settle
    if (actual < settled.cost && settling !== 'more') {
      settled.entry.units = actual
      counters.settle(settled.receipt, [actual])
    }
    if (actual > settled.cost && settling !== 'less') {
      model.log.push({ atMs: nowMs, units: actual - settled.cost })
      counters.settle(settled.receipt, [actual])
    }
  }
}

test.each([
  ['any limits', lists(fc.oneof(slidingLimits(windows), meteredLimits(windows))), 'none'],
  ['windows whose charges are corrected downwards', lists(slidingLimits(windows)), 'less'],
  ['windows whose charges are corrected upwards', lists(slidingLimits(windows)), 'more'],
] as const)('decide and report like a plain log: %s', (_name, limits, settling) => {
  fc.assert(
    fc.property(limits, steps, (some, trace) => play(some, trace, settling)),
    { numRuns: RUNS },
  )
})

test('corrections in both directions never let through what a plain log refuses', () => {
  fc.assert(
    fc.property(lists(slidingLimits(windows)), steps, (some, trace) => play(some, trace, 'both')),
    { numRuns: RUNS },
  )
})

test('the wait of a refusal is the first time from which the request is admitted for good', () => {
  const anyLimits = lists(fc.oneof(slidingLimits(smallWindows), meteredLimits(smallWindows)))
  fc.assert(
    fc.property(anyLimits, anyLimits, steps, (keyLimits, addressLimits, trace) => {
      const clock = createTestClock(1_750_000_000_123)
      const counters = createMemoryCounters({ clock })
      const models = [new NaiveSubject(keyLimits), new NaiveSubject(addressLimits)]
      for (const step of trace) {
        clock.advance(Math.floor(step.wait * 10))
        const nowMs = clock.monotonicMs()
        const charges = models.map((model, index) => {
          const cost = Math.min(step.cost, ...model.limits.map((limit) => limit.quota))
          return { subject: index === 0 ? 'k7Hq2mZ9x' : 'i10.0.0.1', limits: model.limits, cost }
        })
        const outcome = counters.consume({ charges })
        if (outcome.kind === 'admitted') {
          for (const [index, model] of models.entries())
            model.take(charges[index]?.cost ?? 1, nowMs)
        }
        if (outcome.kind !== 'refused') continue
        const opensAtMs = models.map((model, index) =>
          model.opensAtMs(charges[index]?.cost ?? 1, nowMs, nowMs + 100),
        )
        expect(outcome.retryAfterMs).toBe(Math.max(...opensAtMs) - nowMs)
        const { chargeIndex, limitName } = outcome
        const named = models[chargeIndex]?.limits.find((limit) => limit.name === limitName)
        const cost = charges[chargeIndex]?.cost ?? 1
        expect(named !== undefined && models[chargeIndex]?.fitsLimit(named, cost, nowMs)).toBe(
          false,
        )
      }
    }),
    { numRuns: RUNS },
  )
})
