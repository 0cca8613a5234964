import { expect, test } from 'vitest'
import { retryDelayMs } from './retry-delay.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

function allDelaysMs(): number[] {
  const delays: number[] = []
  for (let attempt = 1; ; attempt++) {
    const delayMs = retryDelayMs(attempt)
    if (delayMs === undefined) return delays
    delays.push(delayMs)
  }
}

test('waits grow from ten seconds to an hour', () => {
  const minutes = allDelaysMs().map((delayMs) => delayMs / MINUTE_MS)
  expect(minutes.slice(0, 8)).toEqual([1 / 6, 1 / 2, 1, 2, 5, 10, 15, 30])
  expect(new Set(minutes.slice(8))).toEqual(new Set([60]))
})

test('a mail is tried for a day and no longer', () => {
  const totalMs = allDelaysMs().reduce((sum, delayMs) => sum + delayMs, 0)
  expect(totalMs).toBeLessThanOrEqual(DAY_MS)
  expect(totalMs).toBeGreaterThan(DAY_MS - 60 * MINUTE_MS)
})
