import { expect, test } from 'vitest'
import { Slices } from './slices.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const START_MS = 1_750_000_000_000

test('a day keeps at most 1,441 slices, however much was used and for however long', () => {
  const slices = new Slices(MINUTE_MS, DAY_MS)
  let most = 0
  for (let step = 0; step < 20_000; step += 1) {
    const nowMs = START_MS + step * 20_000
    slices.moveTo(nowMs)
    slices.add(nowMs, { microUsd: 3, tokens: 1 }, nowMs)
    most = Math.max(most, slices.count)
  }
  expect(most).toBe(1441)
  expect(slices.used('micro_usd')).toBe(3 * slices.used('tokens'))
})

test('what has left already takes no room', () => {
  const slices = new Slices(1000, MINUTE_MS)
  for (let ago = 3000; ago >= 0; ago -= 1) {
    slices.add(START_MS - ago * 1000, { microUsd: 1, tokens: 0 }, START_MS)
  }
  expect(slices.count).toBe(61)
  expect(slices.used('micro_usd')).toBe(61)
})

test('slices are put in where they belong, in whatever order they come', () => {
  const slices = new Slices(1000, MINUTE_MS)
  for (const [secondsAgo, tokens] of [
    [5, 1],
    [50, 10],
    [20, 100],
    [50, 1000],
    [0, 10_000],
  ] as const) {
    slices.add(START_MS - secondsAgo * 1000, { microUsd: 0, tokens }, START_MS)
  }
  expect(slices.count).toBe(4)
  const left = [11_000, 41_000, 56_000, 61_000].map((afterMs) => {
    slices.moveTo(START_MS + afterMs)
    return slices.used('tokens')
  })
  expect(left).toEqual([10_101, 10_001, 10_000, 0])
})
