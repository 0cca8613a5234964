import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMIT_ALGORITHMS, type Limit } from '../../core/limits/limit.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters } from './index.ts'

const HOUR_MS = 3_600_000
const minute: Limit = {
  name: 'minute',
  quota: 60,
  windowMs: 60_000,
  algorithm: 'sliding-window',
}
const charges = [{ subject: 'k7Hq2mZ9x', limits: [minute], cost: 1 }]

test.each([HOUR_MS, -HOUR_MS])('a wall clock set by %d ms admits nothing extra', (jumpMs) => {
  const clock = createTestClock()
  const counters = createMemoryCounters({ clock })
  for (let left = 60; left > 0; left -= 1) counters.consume({ charges })
  clock.jumpWall(jumpMs)
  expect(counters.consume({ charges }).kind).toBe('refused')
  clock.advance(59_999)
  expect(counters.consume({ charges }).kind).toBe('refused')
  clock.advance(1)
  expect(counters.consume({ charges }).kind).toBe('admitted')
})

test.each(LIMIT_ALGORITHMS)(
  'a clock that goes back or fails admits nothing extra: %s',
  (algorithm) => {
    const offsets = fc.oneof(fc.integer({ min: -2 * HOUR_MS, max: 0 }), fc.constant(Number.NaN))
    fc.assert(
      fc.property(fc.array(offsets, { maxLength: 20 }), (readings) => {
        let offsetMs = 0
        const clock = { wallMs: () => 0, monotonicMs: () => 1_750_000_000_000 + offsetMs }
        const counters = createMemoryCounters({ clock })
        const limits = [{ ...minute, algorithm }]
        let admitted = 0
        for (const reading of [0, ...readings, 0]) {
          offsetMs = reading
          for (let left = 30; left > 0; left -= 1) {
            const outcome = counters.consume({
              charges: [{ subject: 'k7Hq2mZ9x', limits, cost: 1 }],
            })
            if (outcome.kind === 'admitted') admitted += 1
          }
        }
        expect(admitted).toBeLessThanOrEqual(60)
      }),
      { numRuns: 200 },
    )
  },
)
