/** Many instances on one database: who writes where, and what the others see of it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { claimAtOnce, clickAtOnce, rotateAtOnce } from '../../../tests/stores/many-clicks.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import type { Store } from '../../core/ports/store.ts'
import {
  ACCOUNT,
  amountOf,
  CALL_MS,
  expiredEntry,
  MINUTE_MS,
  reservationOf,
  seedOf,
  settlementOf,
} from '../../testing/store-contract/ledger-samples.ts'
import {
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../../testing/store-contract/samples.ts'

const INSTANCES = 8

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let schema: TestSchema
beforeEach(() => {
  schema = new TestSchema(url)
})
afterEach(() => schema.drop())

const openAll = () => Promise.all(Array.from({ length: INSTANCES }, () => schema.open()))
const append = (store: Store) => store.appendAudit([sampleEntry('auth.failed')])
const chainsOf = async (store: Store) => (await store.auditHeads()).map(({ chain }) => chain)

test('instances that write at once have a chain each, and lose and mix up nothing', async () => {
  const stores = await openAll()
  const work = stores.map(async (store, instance) => {
    for (let index = 0; index < 10; index++) {
      const keyId = `w${instance}key${index}`
      await insert(store, keyId)
      const revoke = { kind: 'revoke', atMs: START_MS } as const
      await store.changeKey(keyId, revoke, sampleEntry('key.revoked', { keyId }))
      await append(store)
    }
  })
  await Promise.all(work)
  const [store] = stores
  if (store === undefined) throw new Error('no store')
  expect(await verifiedRows(store)).toHaveLength(INSTANCES * 30)
  expect(await store.listKeys({ status: 'revoked', pageSize: 1000 })).toHaveLength(INSTANCES * 10)
  expect(await chainsOf(store)).toHaveLength(INSTANCES)
})

test('whoever follows the log by its positions misses no row, while all write', async () => {
  const stores = await openAll()
  const follower = await schema.open()
  let writing = true
  const written = Promise.all(
    stores.map(async (store) => {
      for (let index = 0; index < 25; index++) await append(store)
    }),
  ).finally(() => {
    writing = false
  })
  const seen = new Set<string>()
  let afterPosition = 0
  for (let last = false; !last; ) {
    last = !writing
    for (const { position, row } of await follower.readAudit({ afterPosition, pageSize: 1000 })) {
      afterPosition = position
      seen.add(`${row.chain} ${row.seq}`)
    }
  }
  await written
  expect(seen.size).toBe(INSTANCES * 25)
})

test('one of many concurrent revocations is a change', async () => {
  const stores = await openAll()
  await Promise.all(stores.slice(0, 1).map((store) => insert(store, 'RaceKey1')))
  const revoke = { kind: 'revoke', atMs: START_MS } as const
  const records = await Promise.all(
    stores.map((store) => store.changeKey('RaceKey1', revoke, sampleEntry('key.revoked'))),
  )
  for (const { version } of records) expect(version).toBe(2)
  expect(await verifiedRows(await schema.open())).toHaveLength(2)
})

test('one of many equal requests at different instances makes a key', async () => {
  const stores = await openAll()
  const request = { key: 'request-1', digest: 'asked' }
  const records = await Promise.all(
    stores.map((store, index) =>
      store.insertKey(sampleKey(`SameKey${index}`), sampleEntry('key.created'), request),
    ),
  )
  expect(new Set(records.map(({ keyId }) => keyId)).size).toBe(1)
  expect(await verifiedRows(await schema.open())).toHaveLength(1)
})

test('of eight instances one replaces a leaked key, rotates a key, and sends a mail', async () => {
  await clickAtOnce(await openAll(), 5)
  const other = new TestSchema(url)
  const stores = await Promise.all(Array.from({ length: INSTANCES }, () => other.open()))
  await claimAtOnce(stores, 40)
  await rotateAtOnce(stores, 5)
  await other.drop()
}, 60_000)

test('activity that instances save at once adds up', async () => {
  const stores = await openAll()
  const keyIds = ['ActiveK1', 'ActiveK2', 'ActiveK3']
  const saves = stores.flatMap((store, instance) =>
    Array.from({ length: 5 }, () =>
      store.saveActivity(
        keyIds.map((keyId) => ({
          ...{ keyId, hourStartMs: 0, requests: 1, lastUsedAtMs: START_MS },
          networks: [{ network: `${instance % 2}`, requests: 1, lastUsedAtMs: START_MS }],
        })),
      ),
    ),
  )
  await Promise.all(saves)
  for (const { requests, networks } of (await stores[0]?.findActivity(keyIds)) ?? []) {
    expect(requests).toBe(INSTANCES * 5)
    expect(networks.map((network) => network.requests)).toEqual([20, 20])
  }
})

test('a chain that was let go is continued, so that short runs make no new ones', async () => {
  for (let run = 0; run < 5; run++) {
    const store = await schema.open()
    await append(store)
    await store.close()
  }
  const store = await schema.open()
  expect(await chainsOf(store)).toHaveLength(1)
  expect(await verifiedRows(store)).toHaveLength(5)
})

test('a chain of an instance that died is taken over after its lease, not before', async () => {
  const [dead, next] = [await schema.open(), await schema.open()]
  await append(dead)
  const first = await chainsOf(next)
  await append(next)
  expect(await chainsOf(next)).toHaveLength(2)
  await next.close()

  await schema.query('update audit_heads set held_until_ms = 0')
  const [one, two] = [await schema.open(), await schema.open()]
  await append(one)
  await append(two)
  expect(await chainsOf(one)).toHaveLength(2)
  expect(await chainsOf(one)).toEqual(expect.arrayContaining(first))

  // It was not dead: it finds out that its chain has another holder, and takes one of its own.
  await append(dead)
  expect(await chainsOf(one)).toHaveLength(3)
  expect(await verifiedRows(one)).toHaveLength(5)
})

test('of instances that open, settle and expire calls at once, each call counts once', async () => {
  const stores = await openAll()
  const calls = Array.from({ length: 200 }, (_, index) =>
    reservationOf(`call${index}`, { keyId: `key${index % 3}`, amount: amountOf(10) }),
  )
  const shares = stores.map((_, instance) => calls.filter((__, at) => at % INSTANCES === instance))
  await Promise.all(stores.map((store, instance) => store.openSpend(shares[instance] ?? [])))
  const settlements = calls.map(({ id }) => settlementOf(id, 3))
  const counts = await Promise.all(
    stores.flatMap((store, instance) => [
      store.settleSpend(instance % 2 === 0 ? settlements : settlements.toReversed()),
      store.expireSpend(CALL_MS + MINUTE_MS, expiredEntry).then(() => 0),
    ]),
  )
  const [store] = stores
  if (store === undefined) throw new Error('no store')
  const late = await store.settleSpend(settlements)
  expect(counts.reduce((sum, count) => sum + count, late)).toBe(calls.length)
  const { total, reservedMicroUsd } = await store.reportSpend({})
  expect([total.requests, total.microUsd, reservedMicroUsd]).toEqual([200, 600, 0])
  expect((await seedOf(store, ACCOUNT)).minutes).toEqual([[0, 600]])
  await verifiedRows(store)
})
