/** The measure itself: it sees each unit too many, and takes no doubt for one. */
import { expect, test } from 'vitest'
import { fullestWindows, percentile } from './tally.ts'

const WINDOW_MS = 1_000

/** One admission at each of these times, answered a millisecond later. */
const admittedAt = (...timesMs: readonly number[]) =>
  timesMs.map((sentMs) => ({ key: 'a', sentMs, answeredMs: sentMs + 1, code: 'allowed' }))

test('a window holds what was asked for and answered within it', () => {
  const records = [
    ...admittedAt(0, 500, 990),
    { key: 'a', sentMs: 600, answeredMs: 1_100, code: 'allowed' },
    { key: 'a', sentMs: 700, answeredMs: 701, code: 'rate_limited' },
    { key: 'b', sentMs: 700, answeredMs: 701, code: 'allowed' },
  ]
  expect(fullestWindows(records, [], WINDOW_MS)).toEqual({ outside: 3, overlapping: 0 })
})

test('what is a whole window apart is not in one', () => {
  const records = admittedAt(0, 1_000, 2_000)
  expect(fullestWindows(records, [], WINDOW_MS).outside).toBe(1)
})

test('an outage of any instance excuses the windows that it overlaps, and no others', () => {
  const records = admittedAt(0, 1, 2, 5_000, 5_001, 9_000, 9_001, 9_002, 9_003)
  const outages = [{ beganMs: 9_500, endedMs: 9_600 }]
  expect(fullestWindows(records, outages, WINDOW_MS)).toEqual({ outside: 3, overlapping: 4 })
})

test('a percentile is reached by that part', () => {
  expect(percentile([3, 1, 2, 4], 0.5)).toBe(2)
  expect(percentile([3, 1, 2, 4], 0.99)).toBe(4)
  expect(percentile([], 0.99)).toBe(0)
})
