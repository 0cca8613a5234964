import { expect, test } from 'vitest'
import { sufferFaults } from './postgres-faults.ts'

const TIMES = 100

test(`${TIMES} of each fault lose and double nothing that was acknowledged`, async () => {
  expect(await sufferFaults(TIMES)).toBeGreaterThan(10 * TIMES)
})
