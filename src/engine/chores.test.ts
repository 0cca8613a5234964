/** What a gate notices of how its keys are used, and what it does about it by itself. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadSettings } from '../config/index.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createGate, type GateParts } from './create-gate.ts'
import type { CheckRequest, Gate } from './gate.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OWNER = 'ada@example.com'

let clock: TestClock
let store: Store
let gate: Gate
let failures: string[]
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  clock = createTestClock()
  store = await openSqliteStore({ path: ':memory:' })
  failures = []
})
afterEach(async () => {
  vi.useRealTimers()
  await gate.close()
})

async function open(more: Partial<GateParts> = {}): Promise<Gate> {
  const { settings } = await loadSettings({
    config: {
      keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } },
      ip: false,
      tiers: { free: { limits: [{ name: 'day', quota: 1_000_000, window: '1d' }] } },
    },
  })
  const note = (_fields: object, message: string) => void failures.push(message)
  gate = await createGate({
    ...{ ...settings, clock, actor: 'test', store },
    log: { debug: note, info: note, warn: note, error: note },
    counters: createMemoryCounters({ clock }),
    ...more,
  })
  return gate
}

/** Rounds of so many seconds, and what they start on the event loop. */
async function seconds(count: number): Promise<void> {
  for (let second = 0; second < count; second++) {
    clock.advance(1_000)
    await vi.advanceTimersByTimeAsync(1_000)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

const ask = async (presentedKey: string, clientIp: string, more: Partial<CheckRequest> = {}) =>
  gate.check({ presentedKey, clientIp, address: clientIp, requestId: 'req_test', ...more })

describe('the activity of keys', () => {
  test('is what was admitted, and reaches the store within five seconds', async () => {
    await open()
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    await ask(key, '203.0.113.7')
    await ask(key, '203.0.113.9')
    await ask(key, '2001:db8:1:2::3', { address: '2001:db8:1:2::/64' })
    await ask(key, '203.0.113.7', { scope: 'admin' })
    await ask(`${key.slice(0, -1)}!`, '203.0.113.7')
    expect(await store.findActivity([record.keyId])).toEqual([])
    await seconds(5)
    expect(await store.findActivity([record.keyId])).toMatchObject([
      {
        requests: 3,
        networks: [
          { network: '2001:db8:1::/48', requests: 1 },
          { network: '203.0.113.0/24', requests: 2 },
        ],
      },
    ])
  })

  test('a request that an outer check has charged is not counted again', async () => {
    await open()
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    await ask(key, '203.0.113.7')
    const route = { id: 'chat', limits: [] }
    await ask(key, '203.0.113.7', { route, routeOnly: true })
    expect((await gate.activityOf([record.keyId])).get(record.keyId)?.requests).toBe(1)
  })

  test('activityOf knows of the last request, and only of keys that were used', async () => {
    await open()
    const used = await gate.keys.issue({ owner: OWNER })
    const unused = await gate.keys.issue({ owner: OWNER })
    await ask(used.key, '203.0.113.7')
    const found = await gate.activityOf([used.record.keyId, unused.record.keyId])
    expect([...found.keys()]).toEqual([used.record.keyId])
    expect(found.get(used.record.keyId)?.lastUsedAtMs).toBe(clock.wallMs())
  })

  test('is saved when the gate closes', async () => {
    const saved: number[] = []
    const watched: Store = {
      ...store,
      saveActivity(deltas) {
        saved.push(...deltas.map(({ requests }) => requests))
        return store.saveActivity(deltas)
      },
    }
    await open({ store: watched })
    const { key } = await gate.keys.issue({ owner: OWNER })
    await ask(key, '203.0.113.7')
    await gate.close()
    expect(saved).toEqual([1])
  })
})

describe('strange use', () => {
  /** Two days of use from one place, then ten places at once. */
  async function stealKey(): Promise<string> {
    const { key } = await gate.keys.issue({ owner: OWNER })
    for (let turn = 0; turn < 4; turn++) {
      await ask(key, '203.0.113.7')
      clock.advance(12 * HOUR_MS)
    }
    for (let place = 0; place < 10; place++) await ask(key, `198.51.${place}.1`)
    return key
  }
  const suspend = { action: 'suspend', newNetworks: 8, baselineFactor: 10 } as const

  test('suspends the key within a minute or so, where that is configured: 401 on its next request', async () => {
    await open({ anomaly: suspend })
    const key = await stealKey()
    expect(await ask(key, '198.51.1.1')).toMatchObject({ allowed: true })
    await seconds(61)
    expect(await ask(key, '203.0.113.7')).toMatchObject({ allowed: false, code: 'invalid_key' })
    expect((await store.mailQueue()).waiting).toBe(1)
  })

  test('warns by default: a mail, and the key goes on working', async () => {
    await open()
    const key = await stealKey()
    await seconds(61)
    expect(await ask(key, '203.0.113.7')).toMatchObject({ allowed: true })
    expect((await store.mailQueue()).waiting).toBe(1)
    await seconds(120)
    expect((await store.mailQueue()).waiting).toBe(1)
  })

  test('is not looked for by a gate without chores', async () => {
    await open({ anomaly: suspend, chores: false })
    const key = await stealKey()
    await seconds(61)
    expect(await ask(key, '203.0.113.7')).toMatchObject({ allowed: true })
    expect((await store.mailQueue()).waiting).toBe(0)
  })
})

test('a key that is about to expire is reminded of soon after the start, and once', async () => {
  await open()
  await gate.keys.issue({ owner: OWNER, expiresAtMs: clock.wallMs() + 20 * DAY_MS })
  clock.advance(10 * DAY_MS)
  await seconds(2)
  expect((await store.mailQueue()).waiting).toBe(1)
  clock.advance(HOUR_MS)
  await seconds(2)
  expect((await store.mailQueue()).waiting).toBe(1)
  expect(failures).toEqual([])
})
