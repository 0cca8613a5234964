/** Four processes keep their promises while their Redis has a fault; the long run has all faults. */
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { broken, lineOf, suffer } from './redis-faults.ts'

/** How fast it is all done is measured in the long run, on a machine that does nothing else. */
const isOfSpeed = (promise: string): boolean => /p99|within/.test(promise)

test('killed and started again', async () => {
  const figures = await suffer(FAULTS.kill, 1)
  const failed = broken(figures, FAULTS.kill).filter((promise) => !isOfSpeed(promise))
  expect(failed, lineOf(figures)).toEqual([])
}, 60_000)
