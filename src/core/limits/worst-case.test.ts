import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_TIERS } from '../tier.ts'
import type { Limit } from './limit.ts'
import { worstCaseAdmissions } from './worst-case.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const DAY_MS = 86_400_000

/** The definitions, as slowly and plainly as they can be written: whether one more unit fits at `now`. */
function naiveGate(limit: Limit): (now: number) => boolean {
  const { quota, windowMs, algorithm, burst } = limit
  const admitted: number[] = []
  let burstBegan = Number.NEGATIVE_INFINITY
  let level = 0
  let asOf = 0
  const within = (now: number, span: number) => admitted.filter((at) => now < at + span).length
  const fits = (now: number): boolean => {
    if (algorithm === 'fixed-window') {
      const start = now - (now % windowMs)
      return admitted.filter((at) => at >= start).length < quota
    }
    if (algorithm !== 'sliding-window') {
      level = Math.max(0, level - (now - asOf) * quota)
      asOf = now
      return level + windowMs <= quota * windowMs
    }
    if (within(now, windowMs) < quota) return true
    if (burst === undefined) return false
    if (within(now, windowMs) >= quota + burst.extraQuota) return false
    if (within(now, 2 * windowMs) >= 2 * quota) return false
    if (now - burstBegan < burst.durationMs) return true
    if (now - burstBegan < windowMs) return false
    burstBegan = now
    return true
  }
  return (now) => {
    if (!fits(now)) return false
    admitted.push(now)
    level += windowMs
    return true
  }
}

/** Units admitted from each ms of `asks` on, when so many are asked for there. */
function admissions(limit: Limit, asks: readonly number[], startMs: number): number[] {
  const admit = naiveGate(limit)
  return asks.map((count, index) => {
    let taken = 0
    while (taken < count && admit(startMs + index)) taken++
    return taken
  })
}

function mostInAnySpan(perMs: readonly number[], spanMs: number): number {
  const sums = perMs.map((_, index) =>
    perMs.slice(index, index + spanMs).reduce((sum, taken) => sum + taken, 0),
  )
  return Math.max(0, ...sums)
}

const limits = fc
  .record({
    quota: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.integer({ min: 1, max: 12 }),
    algorithm: fc.constantFrom('sliding-window', 'token-bucket', 'fixed-window', 'leaky-bucket'),
    extraQuota: fc.integer({ min: 0, max: 8 }),
    durationMs: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ extraQuota, durationMs, ...limit }): Limit => {
    if (limit.algorithm !== 'sliding-window') return { name: 'x', ...limit }
    const burst = { extraQuota, durationMs: Math.min(durationMs, limit.windowMs) }
    return { name: 'x', ...limit, burst }
  })

describe('the worst case of a limit', () => {
  test('is never passed, whatever is asked when', () => {
    const asks = fc.array(fc.constantFrom(0, 0, 1, 2, 20), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(limits, asks, fc.integer({ min: 1, max: 40 }), (limit, asked, spanMs) => {
        const most = mostInAnySpan(admissions(limit, asked, 24), spanMs)
        expect(most).toBeLessThanOrEqual(worstCaseAdmissions([limit], spanMs))
      }),
      { numRuns: RUNS },
    )
  })

  test('is reached by a caller who takes all it can get from the right moment on', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 40 }), (limit, spanMs) => {
        const greedy = new Array<number>(spanMs).fill(20)
        const starts = Array.from({ length: limit.windowMs }, (_, offset) => 24 + offset)
        const reached = starts.map((start) =>
          mostInAnySpan(admissions(limit, greedy, start), spanMs),
        )
        expect(Math.max(...reached)).toBe(worstCaseAdmissions([limit], spanMs))
      }),
      { numRuns: RUNS },
    )
  })
})

test('the default tiers in any 24 hours', () => {
  const [free, paid] = DEFAULT_TIERS.map(({ limits }) => worstCaseAdmissions(limits, DAY_MS))
  expect(free).toBe(1000)
  expect(paid).toBe(1440 * 600 + 120)
})

test('without limits there is no worst case', () => {
  expect(worstCaseAdmissions([], DAY_MS)).toBe(Number.POSITIVE_INFINITY)
})

test('the smallest limit counts', () => {
  const limitOf = (quota: number, windowMs: number): Limit => ({
    ...{ name: 'x', quota, windowMs, algorithm: 'sliding-window' },
  })
  expect(worstCaseAdmissions([limitOf(10, 1000), limitOf(15, 5000)], 10_000)).toBe(30)
  expect(worstCaseAdmissions([limitOf(Number.MAX_SAFE_INTEGER, 1)], DAY_MS)).toBe(
    Number.MAX_SAFE_INTEGER,
  )
})
