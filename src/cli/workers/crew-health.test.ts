import { expect, test } from 'vitest'
import { crewHealth, type WorkerReport } from './crew-health.ts'

const READY: WorkerReport = { health: { status: 'ready', reasons: [] }, atMs: 1_000 }
const OUT: WorkerReport = {
  health: { status: 'degraded', reasons: ['counters cannot be reached'] },
  atMs: 1_000,
}

test('all is well when it is so in every worker', () => {
  expect(crewHealth([READY, READY], 2, 1_000)).toEqual({ status: 'ready', reasons: [] })
})

test('one degraded worker is a degraded whole, and says how many they are', () => {
  expect(crewHealth([READY, OUT, OUT], 3, 1_000)).toEqual({
    status: 'degraded',
    reasons: ['2 of 3 workers: counters cannot be reached'],
  })
})

test('a worker that is not there, or silent, counts', () => {
  expect(crewHealth([READY], 3, 1_000).reasons).toEqual(['2 of 3 workers: is not running'])
  expect(crewHealth([READY, READY], 2, 6_001).reasons).toEqual(['2 of 2 workers: does not answer'])
})
