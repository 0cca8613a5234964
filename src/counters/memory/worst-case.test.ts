/** What any window holds at most, over adversarial traces: the promises of each algorithm. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Limit, LimitAlgorithm } from '../../core/limits/limit.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters } from './index.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const SUBJECT = 'k7Hq2mZ9x'

/** Waits between attempts, as parts of the window; the attempts come in salvos. */
const traces = fc.array(
  fc.record({
    wait: fc.constantFrom<number>(0, 0.05, 0.1, 0.3, 0.5, 0.9, 1, 1, 1.1),
    more: fc.integer({ min: -1, max: 1 }),
    attempts: fc.integer({ min: 1, max: 25 }),
    cost: fc.constantFrom<number>(1, 1, 1, 2, 3),
  }),
  { maxLength: 40 },
)
type Trace = typeof traces extends fc.Arbitrary<infer T> ? T : never

interface Admission {
  readonly atMs: number
  readonly cost: number
}

/** All that the trace gets admitted. */
function admissions(limit: Limit, trace: Trace): Admission[] {
  const clock = createTestClock(1_750_000_000_017)
  const counters = createMemoryCounters({ clock })
  const admitted: Admission[] = []
  for (const { wait, more, attempts, cost: wanted } of trace) {
    clock.advance(Math.max(0, Math.floor(wait * limit.windowMs) + more))
    const cost = Math.min(wanted, limit.quota)
    for (let left = attempts; left > 0; left -= 1) {
      const charges = [{ subject: SUBJECT, limits: [limit], cost }]
      if (counters.consume({ charges }).kind !== 'admitted') continue
      admitted.push({ atMs: clock.monotonicMs(), cost })
    }
  }
  return admitted
}

/** The most units that any span of this length holds; it suffices to try those that end with one. */
function fullest(admitted: readonly Admission[], spanMs: number): number {
  let most = 0
  for (const { atMs: endMs } of admitted) {
    let units = 0
    for (const { atMs, cost } of admitted) if (atMs > endMs - spanMs && atMs <= endMs) units += cost
    most = Math.max(most, units)
  }
  return most
}

const limitOf = (algorithm: LimitAlgorithm, quota: number, windowMs: number): Limit => ({
  name: 'limit',
  quota,
  windowMs,
  algorithm,
})
const quotas = fc.integer({ min: 1, max: 20 })
const windows = fc.constantFrom(3, 100, 997, 60_000)

describe('worst case in any window', () => {
  test.each([
    ['sliding-window', 1],
    ['token-bucket', 2],
    ['leaky-bucket', 2],
    ['fixed-window', 2],
  ] as const)('%s admits at most %d quotas', (algorithm, times) => {
    fc.assert(
      fc.property(quotas, windows, traces, (quota, windowMs, trace) => {
        const admitted = admissions(limitOf(algorithm, quota, windowMs), trace)
        expect(fullest(admitted, windowMs)).toBeLessThanOrEqual(times * quota)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('burst', () => {
  const bursting = fc
    .tuple(quotas, windows, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 100 }))
    .map(([quota, windowMs, extraQuota, part]) => ({
      ...limitOf('sliding-window', quota, windowMs),
      burst: { extraQuota, durationMs: Math.ceil((windowMs * part) / 100) },
    }))

  test('any k windows in a row hold at most k quotas and one extra', () => {
    fc.assert(
      fc.property(bursting, traces, (limit, trace) => {
        const admitted = admissions(limit, trace)
        for (let k = 1; k <= 8; k += 1) {
          const ceiling = k * limit.quota + limit.burst.extraQuota
          expect(fullest(admitted, k * limit.windowMs)).toBeLessThanOrEqual(ceiling)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('units above the quota are admitted only during its time out of every window', () => {
    fc.assert(
      fc.property(bursting, traces, (limit, trace) => {
        const admitted = admissions(limit, trace)
        let beganMs = Number.NEGATIVE_INFINITY
        for (const [index, { atMs }] of admitted.entries()) {
          const upToHere = admitted.slice(0, index + 1)
          const windowUnits = upToHere
            .filter((earlier) => earlier.atMs > atMs - limit.windowMs)
            .reduce((units, { cost }) => units + cost, 0)
          if (windowUnits <= limit.quota || atMs - beganMs < limit.burst.durationMs) continue
          expect(atMs - beganMs).toBeGreaterThanOrEqual(limit.windowMs)
          beganMs = atMs
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('the bound is met: a burst really is admitted', () => {
    const limit = { ...limitOf('sliding-window', 60, 60_000) }
    const burst = { extraQuota: 12, durationMs: 10_000 }
    const trace = [{ wait: 0, more: 0, attempts: 100, cost: 1 }]
    expect(admissions({ ...limit, burst }, trace).length).toBe(72)
    expect(admissions({ ...limit, burst: { ...burst, extraQuota: 0 } }, trace).length).toBe(60)
  })
})

test('refunds of a bucket let no more through than if the request had not been made', () => {
  const steps = fc.array(
    fc.record({
      waitMs: fc.nat(40),
      cost: fc.integer({ min: 1, max: 5 }),
      undo: fc.option(fc.nat(6), { freq: 3 }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(quotas, windows, steps, (quota, windowMs, trace) => {
      const limits = [limitOf('token-bucket', quota, windowMs)]
      const clock = createTestClock()
      const counters = createMemoryCounters({ clock })
      const kept: { atMs: number; cost: number; undo: () => void }[] = []
      for (const step of trace) {
        clock.advance(step.waitMs)
        const cost = Math.min(step.cost, quota)
        const outcome = counters.consume({ charges: [{ subject: SUBJECT, limits, cost }] })
        if (outcome.kind === 'admitted') {
          const undo = (): void => counters.settle(outcome.receipt, [0])
          kept.push({ atMs: clock.monotonicMs(), cost, undo })
        }
        if (step.undo !== null) kept.splice(step.undo, 1)[0]?.undo()
      }
      const replayed = createTestClock()
      const fresh = createMemoryCounters({ clock: replayed })
      for (const { atMs, cost } of kept) {
        replayed.advance(atMs - replayed.monotonicMs())
        const outcome = fresh.consume({ charges: [{ subject: SUBJECT, limits, cost }] })
        expect(outcome.kind).toBe('admitted')
      }
    }),
    { numRuns: RUNS },
  )
})
