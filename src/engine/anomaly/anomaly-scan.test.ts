/** The look for strange use, on a store with real rows and a clock that the test moves. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ActivityDelta } from '../../core/ports/activity.ts'
import type { Store } from '../../core/ports/store.ts'
import type { AnomalySettings } from '../../core/settings.ts'
import { createMemoryCounters } from '../../counters/memory/index.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { createFreshness } from '../freshness.ts'
import { KeyCache } from '../key-cache.ts'
import { isSuspended } from '../links/suspension.ts'
import { AnomalyScan } from './anomaly-scan.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OWNER = 'ada@example.com'

let clock: TestClock
let store: Store
let cache: KeyCache
let versions: [string, number][]
let kicks: number
let logged: object[]
beforeEach(async () => {
  clock = createTestClock()
  store = await openSqliteStore({ path: ':memory:' })
  const freshness = createFreshness(store, clock)
  cache = new KeyCache({ store, clock, freshness, tiers: new Map(), onStoreFailure: () => {} })
  versions = []
  kicks = 0
  logged = []
})
afterEach(() => store.close())

function newScan(
  settings: Partial<AnomalySettings> = {},
  more: { readonly store?: Partial<Store>; readonly operatorCopy?: string } = {},
): AnomalyScan {
  const counters = createMemoryCounters({ clock })
  const note = (fields: object) => void logged.push(fields)
  return new AnomalyScan({
    ...{ clock, cache, defaultActor: 'test', operatorCopy: more.operatorCopy ?? null },
    store: { ...store, ...more.store },
    counters: {
      ...counters,
      setKeyVersion: (keyId: string, version: number) => void versions.push([keyId, version]),
    },
    settings: { action: 'warn', newNetworks: 8, baselineFactor: 10, ...settings },
    log: { debug: note, info: note, warn: note, error: note },
    kick: () => void kicks++,
  })
}

async function makeKey(keyId: string, expiresAtMs: number | null = null): Promise<string> {
  const atMs = clock.wallMs()
  await store.insertKey(
    {
      ...{ keyId, owner: { email: OWNER, externalId: null }, name: 'CI', tier: 'free' },
      ...{ scopes: ['read', 'write'], mode: 'live', secretHash: '$argon2id$x', createdAtMs: atMs },
      ...{ expiresAtMs, limitOverrides: [], allowedAddresses: [], rotatedFrom: null },
    },
    {
      ...{ atMs, event: 'key.created', keyId, actor: 'test', address: null },
      ...{ requestId: null, details: {}, count: 1 },
    },
  )
  return keyId
}

/** One request from each network, now. */
async function use(keyId: string, networks: readonly string[], requests = networks.length) {
  const lastUsedAtMs = clock.wallMs()
  const delta: ActivityDelta = {
    ...{ keyId, hourStartMs: lastUsedAtMs - (lastUsedAtMs % HOUR_MS), requests, lastUsedAtMs },
    networks: networks.map((network) => ({ network, requests: 1, lastUsedAtMs })),
  }
  await store.saveActivity([delta])
}

const networks = (count: number) => Array.from({ length: count }, (_, i) => `10.9.${i}.0/24`)

/** A key with two days of use from one network, and now from eight others. */
async function makeStrange(keyId: string, expiresAtMs: number | null = null): Promise<string> {
  await makeKey(keyId, expiresAtMs)
  for (let hour = 0; hour < 4; hour++) {
    await use(keyId, ['203.0.113.0/24'])
    clock.advance(12 * HOUR_MS)
  }
  await use(keyId, networks(8))
  return keyId
}

const claim = () => store.claimMail({ nowMs: clock.wallMs(), leaseMs: 60_000, count: 100 })

async function eventsOf(keyId: string) {
  const rows = await store.readAuditTail({ keyId, pageSize: 100 })
  return rows.map(({ row }) => row)
}

test('strange use becomes an audit row and one mail with a link, and the key goes on working', async () => {
  const keyId = await makeStrange('aaaaaaaa')
  await newScan().run()
  const [mail, ...others] = await claim()
  expect(others).toEqual([])
  expect(mail).toMatchObject({
    ...{ kind: 'key.suspicious', to: OWNER, audience: 'owner', keyId },
    details: {
      ...{ key_name: 'CI', tier: 'free', mode: 'live', scopes: 'read write', source: null },
      ...{ reason: 'new_networks', seen: 8, usual: 1, suspended: false },
      ...{ at: new Date(clock.wallMs()).toISOString(), where: networks(8).join(', ') },
    },
  })
  expect(mail?.name).toBe(`suspicious-${mail?.linkId}`)
  expect((await eventsOf(keyId)).slice(1)).toMatchObject([
    { event: 'key.suspicious', actor: 'test', details: { reason: 'new_networks', seen: 8 } },
  ])
  expect((await store.findKey(keyId))?.status).toBe('active')
  expect(kicks).toBe(1)
  expect(logged).toMatchObject([{ key_id: keyId, reason: 'new_networks' }])
})

test('with suspend the key is disabled in the same change, and every instance learns of it', async () => {
  const keyId = await makeStrange('aaaaaaaa')
  await newScan({ action: 'suspend' }).run()
  expect((await eventsOf(keyId)).slice(1)).toMatchObject([
    { event: 'key.suspicious' },
    { event: 'key.disabled', details: { reason: 'suspicious' } },
  ])
  expect(await claim()).toMatchObject([{ details: { suspended: true } }])
  expect(cache.lastKnown(keyId)?.record).toMatchObject({ status: 'disabled', version: 2 })
  expect(versions).toEqual([[keyId, 2]])
  expect(await isSuspended(store, keyId)).toBe(true)
})

test('an attack that goes on brings one mail a day', async () => {
  const keyId = await makeStrange('aaaaaaaa')
  const scan = newScan()
  for (let minute = 0; minute < 23 * 60; minute += 30) {
    await use(
      keyId,
      Array.from({ length: 9 }, (_, i) => `10.${minute / 30}.${i}.0/24`),
    )
    await scan.run()
    clock.advance(30 * 60_000)
  }
  expect(await claim()).toHaveLength(1)
  clock.advance(HOUR_MS)
  await use(keyId, networks(60).slice(50))
  await scan.run()
  expect(await claim()).toHaveLength(2)
})

test('instances that look at the same time raise one alarm', async () => {
  const keyId = await makeStrange('aaaaaaaa')
  await Promise.all([newScan().run(), newScan().run(), newScan().run()])
  expect(await claim()).toHaveLength(1)
  expect(await eventsOf(keyId)).toHaveLength(2)
  expect(kicks).toBe(1)
})

test('the operator gets a copy without a link', async () => {
  await makeStrange('aaaaaaaa')
  await newScan({}, { operatorCopy: 'ops@example.com' }).run()
  const mails = await claim()
  const copy = mails.find(({ audience }) => audience === 'operator')
  const own = mails.find(({ audience }) => audience === 'owner')
  expect(copy).toMatchObject({ name: `${own?.name}-operator`, to: 'ops@example.com', linkId: null })
})

test('off raises nothing', async () => {
  await makeStrange('aaaaaaaa')
  await newScan({ action: 'off' }).run()
  expect(await claim()).toEqual([])
})

test.each([
  ['revoked', 'revoke'],
  ['disabled', 'disable'],
] as const)('a key that was %s raises nothing: nobody can use it', async (status, kind) => {
  await makeStrange('aaaaaaaa')
  const atMs = clock.wallMs()
  await store.changeKey('aaaaaaaa', kind === 'revoke' ? { kind, atMs } : { kind }, {
    ...{ atMs, event: `key.${status}`, keyId: 'aaaaaaaa', actor: 'test', address: null },
    ...{ requestId: null, details: {}, count: 1 },
  })
  await newScan().run()
  expect(await claim()).toEqual([])
})

test('a key that has expired raises nothing', async () => {
  const expiresAtMs = clock.wallMs() + 48 * HOUR_MS
  await makeStrange('aaaaaaaa', expiresAtMs)
  await newScan().run()
  expect(await claim()).toEqual([])
})

test('a new key raises nothing, from however many networks it is used', async () => {
  await makeKey('aaaaaaaa')
  const scan = newScan()
  for (let hour = 0; hour < 24; hour++) {
    await use(
      'aaaaaaaa',
      Array.from({ length: 60 }, (_, i) => `10.${hour}.${i}.0/24`),
      5000,
    )
    await scan.run()
    clock.advance(HOUR_MS)
  }
  expect(await claim()).toEqual([])
})

test('any number of keys is looked at, and one whose alarm fails is raised at the next look', async () => {
  const keyIds = Array.from({ length: 60 }, (_, i) => `key${String(i).padStart(5, '0')}`)
  for (const keyId of keyIds) await makeKey(keyId)
  for (let hour = 0; hour < 4; hour++) {
    for (const keyId of keyIds) await use(keyId, ['203.0.113.0/24'])
    clock.advance(12 * HOUR_MS)
  }
  for (const keyId of keyIds) await use(keyId, networks(8))
  let isBroken = true
  const scan = newScan(
    {},
    {
      store: {
        raiseSuspicion: (keyId, response) =>
          isBroken && keyId === 'key00003'
            ? Promise.reject(new Error('it is down'))
            : store.raiseSuspicion(keyId, response),
      },
    },
  )
  await expect(scan.run()).rejects.toThrow('it is down')
  expect(await claim()).toHaveLength(59)
  isBroken = false
  clock.advance(60_000)
  await scan.run()
  expect((await claim()).map(({ keyId }) => keyId)).toContain('key00003')
})

test('only keys that were used since the last look are looked at', async () => {
  await makeStrange('aaaaaaaa')
  let asked: string[] = []
  const findActivity = (keyIds: readonly string[]) => {
    asked.push(...keyIds)
    return store.findActivity(keyIds)
  }
  const scan = newScan({}, { store: { findActivity } })
  await scan.run()
  expect(asked).toEqual(['aaaaaaaa'])
  clock.advance(10 * 60_000)
  await scan.run()
  asked = []
  clock.advance(10 * 60_000)
  await scan.run()
  expect(asked).toEqual([])
  // The clock is set back: what is used from then on is older than the last look.
  clock.jumpWall(-DAY_MS)
  await makeKey('bbbbbbbb')
  await use('bbbbbbbb', networks(1))
  await scan.run()
  expect(asked).toContain('bbbbbbbb')
})
