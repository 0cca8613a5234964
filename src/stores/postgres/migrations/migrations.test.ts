/**
 * Every schema version that was released has a fixture: `fixtures/vN.sql`, its tables with data, which
 * must open, migrate and verify for good. After adding a migration, write the fixture of the new
 * version once and commit it:
 *
 *     LOCKGATE_WRITE_FIXTURE=1 npx vitest run src/stores/postgres/migrations
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../../tests/stores/postgres-schemas.ts'
import type { Store } from '../../../core/ports/store.ts'
import {
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../../../testing/store-contract/samples.ts'
import { migratePostgres, postgresPoolOptions } from '../index.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './migrate.ts'

const VERSIONS = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1)
const fixtureOf = (version: number) => new URL(`../fixtures/v${version}.sql`, import.meta.url)
const textOf = (version: number) => readFileSync(fixtureOf(version), 'utf8')

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

/** Data that reaches every table and column. */
async function fill(store: Store): Promise<void> {
  const named = sampleKey('Fixture1', { name: "Ada's\0 key", allowedAddresses: ['192.0.2.0/24'] })
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

/** The tables and rows of the schema as SQL text that runs with it as the search path. */
async function dump(): Promise<string> {
  const tables = await schema.query(
    `select relname as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind = 'r' order by oid`,
  )
  const lines: string[] = MIGRATIONS.map((migration) => migration('').replaceAll(' .', ' '))
  for (const { name } of tables) {
    if (name === 'schema_version') continue
    const [columns] = await schema.query(
      `select string_agg(format('quote_nullable(%I)', attname), ' || '', '' || ' order by attnum) as all
       from pg_attribute where attrelid = '${name}'::regclass and attnum > 0`,
    )
    const rows = await schema.query(`select ${columns?.['all']} as row from ${name} order by 1`)
    lines.push(...rows.map(({ row }) => `insert into ${name} values (${row});`))
  }
  for (const [table, column] of [
    ['owners', 'owner_id'],
    ['audit', 'position'],
    ['usage_chunks', 'chunk_id'],
  ]) {
    const sequence = `pg_get_serial_sequence('${table}', '${column}')`
    lines.push(`select setval(${sequence}, (select max(${column}) from ${table}));`)
  }
  return `${lines.join('\n')}\n`
}

/** Makes the schema what it was when `version` was the newest. */
async function load(version: number, target = schema): Promise<void> {
  const mark = `insert into schema_version values (true, 'lockgate', ${version})`
  const table = 'create table schema_version (one boolean primary key default true check (one)'
  await target.query(
    `create schema "${target.name}"`,
    `${table}, application text not null, version integer not null)`,
    mark,
    textOf(version),
  )
}

/** All that the catalogue says of tables, columns, indexes and constraints. */
async function layoutOf(target: TestSchema): Promise<unknown[]> {
  const rows = await target.query(
    `select table_name, column_name, data_type, collation_name, is_nullable, is_identity, column_default
       from information_schema.columns where table_schema = current_schema()
     order by table_name, column_name`,
  )
  const indexes = await target.query(
    `select indexdef from pg_indexes where schemaname = current_schema() order by indexname`,
  )
  const constraints = await target.query(
    `select conname, pg_get_constraintdef(oid) as definition from pg_constraint
     where connamespace = current_schema()::regnamespace order by conname`,
  )
  const text = JSON.stringify([...rows, ...indexes, ...constraints])
  return JSON.parse(text.replaceAll(target.name, 'SCHEMA'))
}

test('the newest schema has a fixture', async () => {
  const fixture = fixtureOf(SCHEMA_VERSION)
  if (process.env['LOCKGATE_WRITE_FIXTURE'] === '1' && !existsSync(fixture)) {
    const store = await schema.open()
    await fill(store)
    await store.close()
    writeFileSync(fixture, await dump())
  }
  expect(existsSync(fixture), 'see the top of this file for how to write it').toBe(true)
})

test.each(VERSIONS)(
  'a database of schema %d opens, keeps its data and goes on',
  async (version) => {
    await load(version)
    const store = await schema.open()
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
    expect(await store.auditHeads()).toHaveLength(1)
  },
)

test('an old database has the schema of a new one after it was opened', async () => {
  await schema.open()
  const fresh = await layoutOf(schema)
  for (const version of VERSIONS) {
    const old = new TestSchema(url)
    await load(version, old)
    await old.open()
    expect(await layoutOf(old)).toEqual(fresh)
    await old.drop()
  }
})

test('of eight instances that start at once, all find one new database', async () => {
  const stores = await Promise.all(Array.from({ length: 8 }, () => schema.open()))
  await Promise.all(stores.map((store, index) => insert(store, `Start${index}`)))
  expect(await stores[0]?.listKeys({ pageSize: 10 })).toHaveLength(8)
  expect(await schema.query('select version from schema_version')).toEqual([
    { version: SCHEMA_VERSION },
  ])
})

test('a newer schema and the tables of something else are refused and left as they are', async () => {
  await schema.open()
  await schema.query('update schema_version set version = version + 1')
  const newer = { code: 'store_unavailable', message: expect.stringMatching(/install the newer/) }
  await expect(schema.open()).rejects.toMatchObject(newer)
  await schema.query('drop table schema_version')
  const before = await layoutOf(schema)
  const strange = {
    code: 'store_unavailable',
    message: expect.stringMatching(/another application/),
  }
  await expect(schema.open()).rejects.toMatchObject(strange)
  await schema.query('create table schema_version (version text)')
  await expect(schema.open()).rejects.toMatchObject(strange)
  await schema.query('drop table schema_version')
  expect(await layoutOf(schema)).toEqual(before)
})

test('opening without migrating asks for the command that migrates', async () => {
  const asks = { code: 'store_unavailable', message: expect.stringMatching(/"lockgate migrate"/) }
  await expect(schema.open({ migrate: false })).rejects.toMatchObject(asks)
  const pool = new pg.Pool(postgresPoolOptions(url))
  await migratePostgres(pool, { schema: schema.name })
  await migratePostgres(pool, { schema: schema.name })
  await pool.end()
  const store = await schema.open({ migrate: false })
  await insert(store, 'Migrated')
})
