import { expect, test } from 'vitest'
import { createTestClock } from '../testing/test-clock.ts'
import { every } from './every.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Runs it each second for `seconds`; resolves with the seconds in which it did something. */
async function secondsOf(seconds: number, everyMs: number, run: (second: number) => void) {
  const clock = createTestClock()
  const done: number[] = []
  let second = 0
  const task = every(clock, { firstAfterMs: 5_000, everyMs }, async () => {
    done.push(second)
    run(second)
  })
  for (; second <= seconds; second++) {
    await task().catch(() => undefined)
    clock.advance(1_000)
    // Setting the clock of the wall moves nothing.
    clock.jumpWall(-HOUR_MS)
  }
  return done
}

test('a task runs first after a while, then at its intervals', async () => {
  expect(await secondsOf(7_300, HOUR_MS, () => {})).toEqual([5, 3_605, 7_205])
})

test('one that failed is tried again after a minute', async () => {
  const fail = (second: number) => {
    if (second < 100) throw new Error('it is down')
  }
  expect(await secondsOf(3_800, HOUR_MS, fail)).toEqual([5, 65, 125, 3_725])
})

test('one that runs more often than that is tried again at its next turn', async () => {
  const fail = () => {
    throw new Error('it is down')
  }
  expect(await secondsOf(30, 10_000, fail)).toEqual([5, 15, 25])
})
