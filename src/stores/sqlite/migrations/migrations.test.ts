/**
 * Every schema version that was released has a fixture: `fixtures/vN.sql`, the dump of a database
 * with data, which must open, migrate and verify for good. After adding a migration, write the
 * fixture of the new version once and commit it:
 *
 *     LOCKGATE_WRITE_FIXTURE=1 npx vitest run src/stores/sqlite/migrations
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../../core/ports/store.ts'
import {
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../../../testing/store-contract/samples.ts'
import { openSqliteStore } from '../index.ts'
import { SCHEMA_VERSION } from './migrate.ts'

const VERSIONS = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1)
const fixtureOf = (version: number) => new URL(`../fixtures/v${version}.sql`, import.meta.url)

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-migrate-'))
  path = join(folder, 'lockgate.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Data that reaches every table and column. */
async function fill(store: Store): Promise<void> {
  const named = sampleKey('Fixture1', { name: "Ada's key", allowedAddresses: ['192.0.2.0/24'] })
  const created = sampleEntry('key.created', { keyId: 'Fixture1' })
  await store.insertKey(named, created, { key: 'request-1', digest: 'asked' })
  await insert(store, 'Fixture2', {
    owner: { email: 'grace@example.org', externalId: 'cust_42' },
    scopes: ['read', 'chat:write'],
    mode: 'test',
    limitOverrides: [{ name: 'day', quota: 5, windowMs: 86_400_000, algorithm: 'fixed-window' }],
  })
  const replacement = sampleKey('Fixture3', { rotatedFrom: 'Fixture1' })
  await store.rotateKey('Fixture1', replacement, START_MS + 1000, [sampleEntry('key.rotated')])
  const revoke = { kind: 'revoke', atMs: START_MS + 5 } as const
  await store.changeKey('Fixture2', revoke, sampleEntry('key.revoked', { keyId: 'Fixture2' }))
  const where = { address: '203.0.113.7', requestId: 'req-1', details: { limit: 'minute' } }
  await store.appendAudit([sampleEntry('limit.exceeded', { ...where, count: 47_200 })])
  const usage = { subject: 'kFixture1', admissionsMs: [START_MS, START_MS + 7] }
  const meters = { minute: [1.5, Number.NEGATIVE_INFINITY] }
  await store.saveUsage([{ ...usage, expiresAtMs: START_MS + 86_400_000, meters }], START_MS)
}

function literal(value: SQLOutputValue | undefined): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  return String(value ?? 'null')
}

/** The whole database as SQL text, one statement a line but for the schema. */
function dump(db: DatabaseSync): string {
  const schema = db.prepare(`select name, type, sql from sqlite_schema where sql is not null`).all()
  const rows = schema.flatMap(({ name, type }) =>
    type !== 'table'
      ? []
      : db
          .prepare(`select * from ${name}`)
          .all()
          .map((row) => {
            return `insert into ${name} values (${Object.values(row).map(literal).join(', ')});`
          }),
  )
  const pragmas = ['application_id', 'user_version'].map((name) => {
    return `pragma ${name} = ${db.prepare(`pragma ${name}`).get()?.[name]};`
  })
  return [...pragmas, ...schema.map(({ sql }) => `${sql};`), ...rows, ''].join('\n')
}

test('the newest schema has a fixture', async () => {
  const fixture = fixtureOf(SCHEMA_VERSION)
  if (process.env['LOCKGATE_WRITE_FIXTURE'] === '1' && !existsSync(fixture)) {
    const store = await openSqliteStore({ path })
    await fill(store)
    await store.close()
    const db = new DatabaseSync(path)
    writeFileSync(fixture, dump(db))
    db.close()
  }
  expect(existsSync(fixture), 'see the top of this file for how to write it').toBe(true)
})

test.each(VERSIONS)(
  'a database of schema %d opens, keeps its data and goes on',
  async (version) => {
    const old = new DatabaseSync(path)
    old.exec(readFileSync(fixtureOf(version), 'utf8'))
    old.close()

    const store = await openSqliteStore({ path })
    const keys = await store.listKeys({ pageSize: 10 })
    expect(keys.map(({ keyId, status }) => [keyId, status])).toEqual([
      ['Fixture3', 'active'],
      ['Fixture2', 'revoked'],
      ['Fixture1', 'active'],
    ])
    expect(keys).toMatchSnapshot()
    expect(await store.loadUsage(START_MS)).toMatchSnapshot()
    expect(await verifiedRows(store)).toMatchSnapshot()

    await insert(store, 'Fixture4')
    expect(await verifiedRows(store)).toHaveLength(6)
    await store.close()
  },
)

test('an old database has the schema of a new one after it was opened', async () => {
  const schemaOf = (file: string) => {
    const db = new DatabaseSync(file)
    const schema = db.prepare('select type, name, tbl_name, sql from sqlite_schema').all()
    db.close()
    return schema.map(({ name, sql }) => `${name}: ${sql}`).sort()
  }
  const fresh = join(folder, 'fresh.db')
  await (await openSqliteStore({ path: fresh })).close()
  for (const version of VERSIONS) {
    const old = join(folder, `v${version}.db`)
    const db = new DatabaseSync(old)
    db.exec(readFileSync(fixtureOf(version), 'utf8'))
    db.close()
    await (await openSqliteStore({ path: old })).close()
    expect(schemaOf(old)).toEqual(schemaOf(fresh))
  }
})

test('a database that another process is writing is not migrated half', async () => {
  const db = new DatabaseSync(path)
  db.exec(readFileSync(fixtureOf(1), 'utf8'))
  const before = dump(db)
  db.exec('begin immediate')
  await expect(openSqliteStore({ path, busyTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'store_unavailable',
  })
  db.exec('rollback')
  expect(dump(db)).toBe(before)
  db.close()
})
