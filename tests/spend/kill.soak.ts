/** 200 times kill -9 in mid-stream, of the gateway and of Redis. */
import { test } from 'vitest'
import { expectLedgerWithinCap, expectNothingLost, killGateway, killRedis } from './kills.ts'

const KILLS = 200

test.each([
  ['the gateway', killGateway],
  ['Redis', killRedis],
])(`%s is killed ${KILLS} times`, async (name, kill) => {
  const report = await kill(KILLS)
  const { end, streams, refusals } = report
  console.log(
    `${name}: ${streams} streams, ${end.producedMicroUsd} µ$ produced, ${end.all.microUsd} charged, ` +
      `refusals ${JSON.stringify(refusals)}`,
  )
  expectNothingLost(report)
  expectLedgerWithinCap(report)
})
