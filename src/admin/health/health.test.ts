import { expect, test } from 'vitest'
import type { GateHealth } from '../../engine/gate.ts'
import { healthRoutes } from './health.ts'

const REQUEST = {
  ...{ requestId: 'r', headers: {}, params: {}, query: new URLSearchParams(), body: undefined },
  ...{ address: undefined, caller: undefined },
}
const OK = { status: 'ok' } as const
const ALL_WELL = { store: OK, counters: OK, audit: OK }
const READY: GateHealth = { status: 'ready', reasons: [], checks: ALL_WELL }
const DEGRADED: GateHealth = {
  status: 'degraded',
  reasons: ['x'],
  checks: { ...ALL_WELL, audit: { status: 'degraded', detail: 'x' } },
}
const DOWN: GateHealth = {
  status: 'degraded',
  reasons: ['y'],
  checks: { ...ALL_WELL, store: { status: 'down', detail: 'y' } },
}

async function ask(path: string, health: GateHealth, draining = false) {
  const routes = healthRoutes({
    health: () => health,
    isDraining: () => draining,
    version: '1.2.3',
  })
  const answer = await routes.find((route) => route.path === path)?.handle(REQUEST)
  if (answer === undefined || 'allowed' in answer) throw new Error('no answer')
  return { status: answer.status, body: JSON.parse(answer.body) }
}

test.each([
  ['ready', READY, false, 200, { status: 'ready', reasons: [] }],
  ['degraded, and still serving', DEGRADED, false, 200, { status: 'degraded', reasons: ['x'] }],
  ['unable to serve', DOWN, false, 503, { status: 'degraded', reasons: ['y'] }],
  ['draining', READY, true, 503, { status: 'draining', reasons: ['shutting down'] }],
])('a process that is %s', async (_what, health, draining, status, summary) => {
  expect(await ask('/health', health, draining)).toEqual({
    status,
    body: {
      ...summary,
      ...{ checks: health.checks, version: '1.2.3', uptime_seconds: expect.any(Number) },
    },
  })
  expect(await ask('/health/ready', health, draining)).toEqual({
    status,
    body: { status: summary.status },
  })
  expect(await ask('/health/live', health, draining)).toEqual({
    status: 200,
    body: { status: 'live' },
  })
})
