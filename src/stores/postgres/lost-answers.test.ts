/** A COMMIT whose answer never came: it is looked up, so what was asked for happens once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../../tests/servers/fault-proxy.ts'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import type { Store } from '../../core/ports/store.ts'
import { addToken, leakOf, replaceBy } from '../../testing/store-contract/leak-samples.ts'
import {
  eventsOf,
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
} from '../../testing/store-contract/samples.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let proxy: FaultProxy
let schema: TestSchema
/** Through the proxy, and beside it. */
let store: Store
let witness: Store
beforeEach(async () => {
  proxy = await startFaultProxy(Number(new URL(url).port))
  schema = new TestSchema(url)
  const proxied = new URL(url)
  proxied.port = String(proxy.port)
  witness = await schema.open()
  store = await schema.open({ writeDeadlineMs: 2000 }, proxied.href)
})
afterEach(async () => {
  await schema.drop()
  await proxy.stop()
})

const isCommit = (chunk: Buffer, from: 'client' | 'server') =>
  from === 'client' && chunk.includes('commit\0')

/** The connection breaks before COMMIT arrives, or when it has arrived and before its answer. */
const cutAt = (moment: 'before' | 'after') =>
  proxy.cutWhen((chunk, from) => (isCommit(chunk, from) ? moment : 'pass'))

describe.each(['before', 'after'] as const)(
  'a connection that is cut %s COMMIT arrives',
  (when) => {
    test('makes one key with one audit row', async () => {
      cutAt(when)
      expect(await insert(store, 'OneKey01')).toMatchObject({ keyId: 'OneKey01', version: 1 })
      expect(await witness.listKeys({ pageSize: 9 })).toHaveLength(1)
      expect(await eventsOf(witness)).toEqual(['key.created'])
    })

    test('changes and rotates a key once', async () => {
      await insert(store, 'OneKey01')
      cutAt(when)
      const disabled = await store.changeKey(
        'OneKey01',
        { kind: 'disable' },
        sampleEntry('key.disabled'),
      )
      expect(disabled.version).toBe(2)
      cutAt(when)
      await store.changeKey('OneKey01', { kind: 'enable' }, sampleEntry('key.enabled'))
      cutAt(when)
      const rotation = [sampleEntry('key.rotated')]
      const { old } = await store.rotateKey('OneKey01', sampleKey('TwoKey01'), START_MS, rotation)
      expect(old.version).toBe(4)
      const events = ['key.created', 'key.disabled', 'key.enabled', 'key.rotated']
      expect(await eventsOf(witness)).toEqual(events)
    })

    test('reports, replaces and settles once', async () => {
      await insert(store, 'LeakedKy')
      cutAt(when)
      const { effect } = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
      expect(effect).toBe('revoked')
      cutAt(when)
      await addToken(store, 'link1', 'token1')
      cutAt(when)
      const { replacement } = await replaceBy(store, 'token1', ['LeakedKy', 'NewKey01'])
      expect(replacement).toEqual(await witness.findKey('NewKey01'))
      cutAt(when)
      const claim = { nowMs: START_MS, leaseMs: 60_000, count: 9 }
      expect(await store.claimMail(claim)).toMatchObject([{ attempt: 1 }])
      cutAt(when)
      await store.settleMail('leaked-LeakedKy', 1, { kind: 'sent', atMs: START_MS })
      expect(await witness.listMail({ pageSize: 9 })).toMatchObject([{ state: 'sent' }])
      const events = ['key.created', 'key.leaked', 'key.revoked', 'key.created', 'key.replaced']
      expect(await eventsOf(witness)).toEqual(events)
    })

    test('appends audit rows once, and returns them as they are kept', async () => {
      cutAt(when)
      const rows = await store.appendAudit([sampleEntry('auth.failed'), sampleEntry('auth.failed')])
      expect((await witness.readAudit({ pageSize: 9 })).map(({ row }) => row)).toEqual(rows)
      expect(await eventsOf(witness)).toHaveLength(2)
    })
  },
)

test('a COMMIT that arrives late is waited for, not overtaken', async () => {
  proxy.cutWhen((chunk, from) => {
    if (!isCommit(chunk, from)) return 'pass'
    // The client learns of the cut now; the server gets COMMIT when the stall ends.
    proxy.stall(true)
    setTimeout(() => proxy.stall(false), 500)
    return 'after'
  })
  expect((await insert(store, 'LateKey1')).version).toBe(1)
  expect(await eventsOf(witness)).toEqual(['key.created'])
})

test('when it cannot be found out, the message says so and how to look', async () => {
  proxy.cutWhen((chunk, from) => {
    if (!isCommit(chunk, from)) return 'pass'
    proxy.refuse(true)
    setTimeout(() => proxy.cut(), 50)
    return 'after'
  })
  await expect(insert(store, 'Unknown1')).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/may or may not have happened: look at "lockgate audit list"/),
  })
  proxy.refuse(false)
  await insert(store, 'AfterAll')
  expect(await eventsOf(witness)).toEqual(['key.created', 'key.created'])
})

test('receipts are kept for a day', async () => {
  await insert(store, 'FirstKey')
  await schema.query('update write_receipts set at_ms = at_ms - 86400000')
  await insert(store, 'NextKey1')
  await sleep(1)
  await insert(store, 'NextKey2')
  const [row] = await schema.query('select count(*)::int as receipts from write_receipts')
  expect(row).toEqual({ receipts: 2 })
})
