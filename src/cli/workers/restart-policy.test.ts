import { expect, test } from 'vitest'
import { RestartPolicy } from './restart-policy.ts'

test('a worker comes back after a pause that doubles with each death of the last ten seconds', () => {
  const policy = new RestartPolicy()
  const pauses = [0, 100, 5_000, 9_999].map((atMs) => policy.pauseAfterDeath(atMs))
  expect(pauses).toEqual([100, 200, 400, 800])
})

test('five deaths within ten seconds end it all', () => {
  const policy = new RestartPolicy()
  for (const atMs of [0, 1, 2, 3]) expect(policy.pauseAfterDeath(atMs)).toBeDefined()
  expect(policy.pauseAfterDeath(9_999)).toBeUndefined()
})

test('a death that is ten seconds old no longer counts', () => {
  const policy = new RestartPolicy()
  for (const atMs of [0, 1, 2, 3]) policy.pauseAfterDeath(atMs)
  expect(policy.pauseAfterDeath(10_000)).toBe(800)
  expect(policy.pauseAfterDeath(60_000)).toBe(100)
})
