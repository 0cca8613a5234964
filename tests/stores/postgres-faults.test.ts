import { expect, test } from 'vitest'
import { sufferFaults } from './postgres-faults.ts'

test('three of each fault lose and double nothing that was acknowledged', async () => {
  expect(await sufferFaults(3)).toBeGreaterThan(100)
})
