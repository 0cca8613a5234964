import { expect, test } from 'vitest'
import type { GateHealth, HealthCheck } from '../../engine/gate.ts'
import { crewHealth, type WorkerReport } from './crew-health.ts'

const OK: HealthCheck = { status: 'ok' }
const checks = (counters: HealthCheck): GateHealth['checks'] => ({
  ...{ store: OK, counters, audit: OK },
})
const READY: WorkerReport = {
  health: { status: 'ready', reasons: [], checks: checks(OK) },
  atMs: 1_000,
}
const outWith = (status: HealthCheck['status']): WorkerReport => ({
  health: { status: 'degraded', reasons: ['no counters'], checks: checks({ status, detail: 'x' }) },
  atMs: 1_000,
})

test('all is well when it is so in every worker', () => {
  expect(crewHealth([READY, READY], 2, 1_000)).toEqual(READY.health)
})

test('one degraded worker is a degraded whole, and the reason says how many they are', () => {
  const out = outWith('degraded')
  expect(crewHealth([READY, out, out], 3, 1_000)).toEqual({
    status: 'degraded',
    reasons: ['2 of 3 workers: no counters'],
    checks: checks({ status: 'degraded', detail: 'x' }),
  })
})

test('what one worker cannot do is down only where no other can', () => {
  const down = outWith('down')
  expect(crewHealth([READY, down], 2, 1_000).checks.counters.status).toBe('degraded')
  expect(crewHealth([down, down], 2, 1_000).checks.counters.status).toBe('down')
})

test('a worker that is not there, or silent, counts', () => {
  expect(crewHealth([READY], 3, 1_000).reasons).toEqual(['2 of 3 workers: not running'])
  expect(crewHealth([READY, READY], 2, 6_001).reasons).toEqual(['2 of 2 workers: no sign of life'])
  expect(crewHealth([], 2, 0).checks.store.status).toBe('down')
})
