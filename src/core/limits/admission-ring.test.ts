import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AdmissionRing, MAX_NARROW_HORIZON_MS, type RingBounds } from './admission-ring.ts'
import { BlockPool, NO_PAGE } from './block-pool.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const YEAR_MS = 366 * 86_400_000

const narrowPool = new BlockPool((length) => new Uint32Array(length))
const widePool = new BlockPool((length) => new Float64Array(length))

const horizons = fc.constantFrom(1, 1000, 60_000, 86_400_000, MAX_NARROW_HORIZON_MS, 2 * YEAR_MS)
const bounds: fc.Arbitrary<RingBounds> = fc
  .tuple(fc.integer({ min: 1, max: 90 }), horizons)
  .map(([capacity, horizonMs]) => ({
    capacity,
    horizonMs,
    pool: horizonMs > MAX_NARROW_HORIZON_MS ? widePool : narrowPool,
  }))

/** A wait as a part of the horizon, so that edges, rebasing and emptiness all happen. */
const waits = fc.tuple(
  fc.constantFrom(0, 0, 0, 0.1, 0.5, 0.9, 1, 2),
  fc.integer({ min: 0, max: 2 }),
)
const steps = fc.array(
  fc.record({
    wait: waits,
    units: fc.integer({ min: 1, max: 12 }),
    remove: fc.option(fc.nat(30), { freq: 4 }),
  }),
  { maxLength: 60 },
)

/** The newest units of a plain list that a ring must still know. */
function kept(log: readonly number[], { capacity, horizonMs }: RingBounds, nowMs: number) {
  return log.slice(-capacity).filter((atMs) => atMs + horizonMs > nowMs)
}

describe('admission ring', () => {
  test('answers like a plain list of times, on any trace', () => {
    fc.assert(
      fc.property(bounds, steps, (ringBounds, trace) => {
        let nowMs = 1_750_000_000_000
        const ring = new AdmissionRing(nowMs)
        let log: number[] = []
        for (const { wait, units, remove } of trace) {
          nowMs += Math.floor(wait[0] * ringBounds.horizonMs) + wait[1]
          ring.push(nowMs, units, ringBounds)
          for (let left = units; left > 0; left -= 1) log.push(nowMs)
          log = log.slice(-ringBounds.capacity)
          const removedMs = remove === null ? undefined : log[remove]
          if (removedMs !== undefined && removedMs + ringBounds.horizonMs > nowMs) {
            const there = log.filter((atMs) => atMs === removedMs).length
            const taken = ring.remove(removedMs, 2)
            expect(taken).toBe(Math.min(2, there))
            log.splice(log.indexOf(removedMs), taken)
          }
          const expected = kept(log, ringBounds, nowMs)
          expect(ring.countAfter(nowMs - ringBounds.horizonMs)).toBe(expected.length)
          for (const [index, atMs] of expected.toReversed().entries()) {
            expect(ring.leavesAtMs(index + 1, 10)).toBe(atMs + 10)
            expect(ring.countAfter(atMs)).toBe(expected.filter((time) => time > atMs).length)
          }
        }
        ring.release(ringBounds.pool)
      }),
      { numRuns: RUNS },
    )
  })

  test('keeps its times when its storage changes between 4 and 8 bytes', () => {
    const wide = { capacity: 50, horizonMs: 2 * YEAR_MS, pool: widePool }
    const narrow = { capacity: 20, horizonMs: 60_000, pool: narrowPool }
    const ring = new AdmissionRing(0)
    for (let day = 0; day < 400; day += 1) ring.push(day * 86_400_000, 1, wide)
    const nowMs = 399 * 86_400_000 + 30_000
    ring.push(nowMs, 3, wide)
    ring.refit(nowMs, wide, narrow)
    const times = [0, 1, 2, 3].map((index) => ring.timeAt(index))
    expect([ring.count, ...times]).toEqual([4, nowMs - 30_000, nowMs, nowMs, nowMs])
    ring.refit(nowMs, narrow, wide)
    ring.push(nowMs + YEAR_MS, 1, wide)
    expect(ring.leavesAtMs(5, 0)).toBe(nowMs - 30_000)
  })

  test('grows by what counts, not by what has passed', () => {
    const ring = new AdmissionRing(0)
    const ringBounds = { capacity: 1000, horizonMs: 10, pool: narrowPool }
    for (let nowMs = 0; nowMs < 5000; nowMs += 1) ring.push(nowMs, 1, ringBounds)
    expect(ring.blockSize).toBeLessThanOrEqual(18)
  })

  test('spends at most 9 bytes of storage a unit from 27 units on', () => {
    const ring = new AdmissionRing(0)
    const ringBounds = { capacity: 5000, horizonMs: 10, pool: narrowPool }
    for (let units = 1; units <= 3000; units += 1) {
      ring.push(0, 1, ringBounds)
      if (units >= 27) expect((4 * ring.blockSize) / units).toBeLessThanOrEqual(9)
    }
  })
})

describe('block pool', () => {
  test('never gives one element to two holders', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 5000 }), { maxLength: 60 }), (sizes) => {
        const pool = new BlockPool((length) => new Uint32Array(length))
        const holders: { page: typeof NO_PAGE; blockStart: number; blockSize: number }[] = []
        for (const size of sizes) {
          const holder = { page: NO_PAGE, blockStart: 0, blockSize: 0 }
          if (size > 0) {
            pool.take(holder, size)
            expect(holder.blockSize).toBeGreaterThanOrEqual(size)
            holders.push(holder)
          } else {
            const released = holders.splice(-size, 1)[0]
            if (released !== undefined) pool.release(released)
          }
        }
        for (const [index, { page, blockStart, blockSize }] of holders.entries()) {
          page.fill(index + 1, blockStart, blockStart + blockSize)
        }
        for (const [index, { page, blockStart, blockSize }] of holders.entries()) {
          const own = page.subarray(blockStart, blockStart + blockSize)
          expect(own.every((value) => value === index + 1)).toBe(true)
        }
      }),
      { numRuns: Math.min(RUNS, 2000) },
    )
  })
})

test('rings that grow side by side leave no pages of the sizes that they outgrew', () => {
  const pool = new BlockPool((length) => new Uint32Array(length))
  const bounds = { capacity: 1001, horizonMs: 86_400_000, pool }
  const rings = Array.from({ length: 1000 }, () => new AdmissionRing(0))
  for (let nowMs = 0; nowMs < 1000; nowMs++) {
    for (const ring of rings) ring.push(nowMs, 1, bounds)
  }
  const unitsHeld = 1000 * 1000
  expect(pool.pageCount * 16_384).toBeLessThan(unitsHeld * 1.75)
  for (const ring of rings) expect(ring.count).toBe(1000)
})
