/** kill -9 in mid-stream: no cap is passed, no money forgotten, and no reservation outlives its time. */
import { expect, test } from 'vitest'
import { expectNothingLost, killGateway, killRedis } from './kills.ts'

const KILLS = 3
/** A reservation of the last crash lives a minute. */
const PATIENT = { timeout: 180_000 }

test.concurrent.each([
  ['the gateway', killGateway],
  ['Redis', killRedis],
])(`%s is killed ${KILLS} times`, PATIENT, async (_name, kill) => {
  const report = await kill(KILLS)
  expectNothingLost(report)
  expect(report.moments).toHaveLength(KILLS)
})
