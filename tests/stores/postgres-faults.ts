/**
 * Eight instances write through a proxy to a PostgreSQL server of their own, while one fault after the
 * other strikes. Afterwards the database must hold what was acknowledged once, what was refused not at
 * all, and intact chains.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { KeyRecord } from '../../src/core/key/key-record.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { openPostgresStore, postgresPoolOptions } from '../../src/stores/postgres/index.ts'
import { verifiedRows } from '../../src/testing/store-contract/samples.ts'
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { spendSumsOf } from './contents.ts'
import { contradictions, PostgresWriter, unaccounted } from './postgres-writer.ts'

const WRITERS = 8
const POOL_SIZE = 3
/** A busy machine may take long; a writer that is stuck takes for ever. */
const PATIENCE_MS = 60_000

interface Rig {
  readonly server: PostgresServer
  readonly proxy: FaultProxy
  readonly url: string
  readonly pools: readonly pg.Pool[]
}

const atOpening = ({ proxy }: Rig, moment: 'before' | 'after') =>
  proxy.cutWhen((chunk, from) => (from === 'client' && chunk.includes('unnest(') ? moment : 'pass'))

const atCommit = ({ proxy }: Rig, moment: 'before' | 'after') =>
  proxy.cutWhen((chunk, from) =>
    from === 'client' && chunk.includes('commit\0') ? moment : 'pass',
  )

async function asServer({ url }: Rig, statement: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(statement)
  await client.end()
}

const FAULTS: Readonly<Record<string, (rig: Rig) => Promise<void> | void>> = {
  'the server is killed and starts again': async ({ server }) => {
    await server.kill()
    await server.start()
  },
  'the server ends all sessions, as when it restarts': (rig) =>
    asServer(
      rig,
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
    ),
  'all connections are cut': ({ proxy }) => proxy.cut(),
  'a connection is cut before COMMIT arrives': (rig) => atCommit(rig, 'before'),
  'a connection is cut after COMMIT arrived': (rig) => atCommit(rig, 'after'),
  'a connection is cut before a call is opened': (rig) => atOpening(rig, 'before'),
  'a connection is cut after a call was opened': (rig) => atOpening(rig, 'after'),
  'all pools are used up': async ({ pools }) => {
    const clients = await Promise.all(
      pools.flatMap((pool) => Array.from({ length: POOL_SIZE }, () => pool.connect())),
    )
    await sleep(100)
    for (const client of clients) client.release()
  },
}

/** Each fault `times` times. Returns how many changes were acknowledged. */
export async function sufferFaults(times: number): Promise<number> {
  const server = await startPostgres()
  const proxy = await startFaultProxy(server.port)
  const url = await server.createDatabase()
  const proxied = new URL(url)
  proxied.port = String(proxy.port)
  const stores: Store[] = []
  const pools: pg.Pool[] = []
  try {
    for (let index = 0; index < WRITERS; index++) {
      const pool = new pg.Pool({ ...postgresPoolOptions(proxied.href), max: POOL_SIZE })
      pools.push(pool)
      stores.push(await openPostgresStore({ pool, ownsPool: true }))
    }
    const writers = stores.map((store, index) => new PostgresWriter(store, `w${index}`))
    for (const writer of writers) writer.start()
    for (let time = 0; time < times; time++) {
      for (const [name, strike] of Object.entries(FAULTS)) {
        await strike({ server, proxy, url, pools })
        await goneOn(writers, name)
      }
    }
    await Promise.all(writers.map((writer) => writer.stop()))
    await assertAgreement(url, writers)
    return writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await proxy.stop()
    await server.stop()
  }
}

/** After each fault every writer works again, by itself. */
async function goneOn(writers: readonly PostgresWriter[], fault: string): Promise<void> {
  const before = writers.map(({ acknowledged }) => acknowledged)
  const deadlineMs = performance.now() + PATIENCE_MS
  while (writers.some(({ acknowledged }, index) => acknowledged <= (before[index] ?? 0))) {
    assert.ok(performance.now() < deadlineMs, `every writer works again after ${fault}`)
    await sleep(5)
  }
  await sleep(Math.random() * 30)
}

async function assertAgreement(url: string, writers: readonly PostgresWriter[]): Promise<void> {
  const pool = new pg.Pool(postgresPoolOptions(url))
  const store = await openPostgresStore({ pool, ownsPool: true })
  const keys = new Map<string, KeyRecord>()
  for (let after: string | undefined; ; ) {
    const cursor = after === undefined ? {} : { after }
    const page = await store.listKeys({ pageSize: 1000, ...cursor })
    for (const key of page) keys.set(key.keyId, key)
    after = page.at(-1)?.keyId
    if (after === undefined) break
  }
  assert.deepEqual(contradictions(writers, await verifiedRows(store), keys), [])
  const open = await store.listSpendReservations()
  assert.deepEqual(unaccounted(writers, await spendSumsOf(store), open), [])
  assert.ok((await store.auditHeads()).length <= 2 * WRITERS, 'chains do not pile up')
  await store.close()
}
