/** What a caller gets when the server, the network or the pool does not do its part. */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../../tests/servers/fault-proxy.ts'
import { freePort } from '../../../tests/servers/ports.ts'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import type { Store } from '../../core/ports/store.ts'
import { eventsOf, insert, START_MS } from '../../testing/store-contract/samples.ts'
import { openPostgresStore, postgresPlace, postgresPoolOptions } from './index.ts'

const DEADLINES = { readDeadlineMs: 300, writeDeadlineMs: 600 }

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let proxy: FaultProxy
let schema: TestSchema
let store: Store
const changed = (change: (url: URL) => void): string => {
  const copy = new URL(url)
  change(copy)
  return copy.href
}
beforeEach(async () => {
  proxy = await startFaultProxy(Number(new URL(url).port))
  schema = new TestSchema(url)
  const proxied = changed((copy) => {
    copy.port = String(proxy.port)
  })
  store = await schema.open(DEADLINES, proxied)
})
afterEach(async () => {
  await schema.drop()
  await proxy.stop()
})

const unavailable = (message: RegExp) => ({
  code: 'store_unavailable',
  message: expect.stringMatching(message),
})

test('a server that stops answering holds nobody beyond the deadline, and the pool heals', async () => {
  await insert(store, 'FirstKey')
  proxy.dropReplies(true)
  const reads = Array.from({ length: 20 }, () => store.findKey('FirstKey'))
  const writes = ['a', 'b', 'c'].map((name) => insert(store, `Hung${name}`))
  for (const read of await Promise.allSettled(reads)) {
    expect(read).toMatchObject({ reason: unavailable(/no answer within 300 ms/) })
  }
  for (const write of await Promise.allSettled(writes)) {
    expect(write).toMatchObject({ reason: unavailable(/no answer within 600 ms.*nothing was/) })
  }
  proxy.dropReplies(false)
  // Connections that were being made have hung, and hold their places until they time out.
  await vi.waitFor(() => store.findKey('FirstKey'), { timeout: 10_000 })
  await insert(store, 'NextKey1')
  expect(await eventsOf(store)).toEqual(['key.created', 'key.created'])
})

test('connections that broke while idle fail no call', async () => {
  await insert(store, 'FirstKey')
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 5 }, () => store.findKey('FirstKey')))
    proxy.cut()
    await insert(store, `Round${round}00`)
    proxy.cut()
    expect(await store.findKey('FirstKey')).toBeDefined()
  }
})

test('a server that hangs up is named with what to check, and is used again when it is back', async () => {
  proxy.refuse(true)
  proxy.cut()
  const named = unavailable(/^database 127\.0\.0\.1:\d+\/.*; nothing was changed$/)
  await expect(store.findKey('AnyKey01')).rejects.toMatchObject(named)
  await expect(insert(store, 'NoKey001')).rejects.toMatchObject(named)
  proxy.refuse(false)
  await insert(store, 'NextKey1')
})

test('a lock that another session holds is waited for until the deadline', async () => {
  await insert(store, 'LockKey1')
  const other = new pg.Client(url)
  await other.connect()
  await other.query(`begin; select * from "${schema.name}".keys for update`)
  const disable = store.changeKey('LockKey1', { kind: 'disable' }, null)
  await expect(disable).rejects.toMatchObject(
    unavailable(/another session holds a lock|within 600/),
  )
  await other.end()
  expect((await store.changeKey('LockKey1', { kind: 'disable' }, null)).version).toBe(2)
})

test('a pool that is used up by the application holds nobody beyond the deadline', async () => {
  const pool = new pg.Pool({ ...postgresPoolOptions(url), max: 1 })
  const shared = await openPostgresStore({ pool, schema: schema.name, ...DEADLINES })
  const taken = await pool.connect()
  await expect(shared.findKey('AnyKey01')).rejects.toMatchObject(unavailable(/size of the pool/))
  await expect(insert(shared, 'NoKey001')).rejects.toMatchObject(unavailable(/size of the pool/))
  taken.release()
  await insert(shared, 'NextKey1')
  await shared.close()
  expect(await pool.query('select 1 as works')).toMatchObject({ rows: [{ works: 1 }] })
  await pool.end()
})

test('reasons for not opening are told apart', async () => {
  const open = (change: (url: URL) => void) => schema.open({}, changed(change))
  const port = String(await freePort())
  const unreachable = open((copy) => {
    copy.port = port
  })
  await expect(unreachable).rejects.toMatchObject(unavailable(/cannot be reached.*ECONNREFUSED/))
  const database = open((copy) => {
    copy.pathname = '/nosuchdatabase'
  })
  await expect(database).rejects.toMatchObject(unavailable(/no such database/))
  const user = open((copy) => {
    copy.username = 'nobody'
    copy.password = 'canary-password'
  })
  const refused = await user.catch((error) => error)
  expect(refused).toMatchObject(unavailable(/refuses this user or password/))
  expect(String(refused.message)).not.toContain('canary')
  const place = postgresPlace('postgres://ada:p%40ss@db.internal/app?password=secret')
  expect(place).toBe('db.internal:5432/app')
})

test('a read-only server serves reads and names the way out for changes', async () => {
  await insert(store, 'FirstKey')
  const replica = changed((copy) => {
    copy.searchParams.set('options', '-c default_transaction_read_only=on')
  })
  const reader = await schema.open({}, replica)
  expect(await reader.findKey('FirstKey')).toBeDefined()
  const refusal = unavailable(/read-only replica.*name the primary/)
  await expect(insert(reader, 'NoKey001')).rejects.toMatchObject(refusal)
})

test('the rights that STORAGE.md lists are enough once the schema is there', async () => {
  const role = `r${schema.name.slice(2)}`
  await schema.query(
    `create role ${role} login`,
    `grant usage on schema "${schema.name}" to ${role}`,
    `grant select, insert, update, delete on all tables in schema "${schema.name}" to ${role}`,
  )
  const limited = await schema.open(
    {},
    changed((copy) => {
      copy.username = role
    }),
  )
  await insert(limited, 'FirstKey')
  await limited.changeKey('FirstKey', { kind: 'disable' }, null)
  const usage = { subject: 'ka', admissionsMs: [START_MS], meters: { m: [1] } }
  await limited.saveUsage([{ ...usage, expiresAtMs: START_MS + 1 }], START_MS)
  expect(await eventsOf(limited)).toEqual(['key.created'])
  await limited.close()
  await schema.query(`drop owned by ${role}`, `drop role ${role}`)
})
