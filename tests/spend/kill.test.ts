/** kill -9 in mid-stream: no cap is passed, no money forgotten, and no reservation outlives its time. */
import { expect, test } from 'vitest'
import { expectLedgerWithinCap, expectNothingLost, killGateway, killRedis } from './kills.ts'

const KILLS = 3
/** A reservation of the last crash lives a minute. */
const PATIENT = { timeout: 180_000 }

test.concurrent(`the gateway is killed ${KILLS} times`, PATIENT, async () => {
  const report = await killGateway(KILLS)
  expectNothingLost(report)
  expectLedgerWithinCap(report)
  expect(report.moments).toHaveLength(KILLS)
})

test.concurrent(`Redis is killed ${KILLS} times`, PATIENT, async () => {
  const report = await killRedis(KILLS)
  expectNothingLost(report)
  expectLedgerWithinCap(report)
  expect(report.moments).toHaveLength(KILLS)
})
