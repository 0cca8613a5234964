import { describe, expect, test } from 'vitest'
import { type HealthParts, healthOf } from './health.ts'

const WELL: HealthParts = {
  store: { fails: false, silentMs: 0 },
  failing: [],
  feedFails: false,
  outage: undefined,
}

test('all is well', () => {
  const ok = { status: 'ok' }
  const checks = { store: ok, counters: ok, audit: ok }
  expect(healthOf(WELL)).toEqual({ status: 'ready', reasons: [], checks })
})

describe('a store that fails', () => {
  test('leaves the keys that it confirmed a minute ago, then nothing', () => {
    const store = (silentMs: number) => healthOf({ ...WELL, store: { fails: true, silentMs } })
    expect(store(60_000)).toMatchObject({
      status: 'degraded',
      checks: { store: { status: 'degraded' } },
    })
    expect(store(60_001)).toMatchObject({
      status: 'degraded',
      checks: { store: { status: 'down' } },
    })
    expect(store(60_001).reasons).toEqual(['the store fails; no key can be checked'])
  })

  test('is no matter of how long nobody asked it', () => {
    expect(healthOf({ ...WELL, store: { fails: false, silentMs: 3_600_000 } }).status).toBe('ready')
  })
})

test.each([
  ['audit', 'audit'],
  ['audit feed', 'audit'],
  ['usage', 'counters'],
] as const)('the task %s that fails is shown at %s', (task, check) => {
  const health = healthOf({ ...WELL, failing: [task] })
  expect(health.status).toBe('degraded')
  expect(health.reasons).toEqual([`${task} cannot be saved`])
  expect(health.checks[check]).toEqual({ status: 'degraded', detail: `${task} cannot be saved` })
})

test.each([
  ['local', 'degraded'],
  ['open', 'degraded'],
  ['closed', 'down'],
] as const)('an outage of the counters that is met %s', (policy, status) => {
  const outage = { sinceMs: 1_750_000_000_000, reason: 'unreachable', policy } as const
  const health = healthOf({ ...WELL, outage })
  expect(health.checks.counters.status).toBe(status)
  expect(health.reasons).toEqual([health.checks.counters.detail])
})

test('a feed of keys that fails is told', () => {
  expect(healthOf({ ...WELL, feedFails: true })).toMatchObject({
    status: 'degraded',
    reasons: ['changes of keys cannot be read'],
  })
})
