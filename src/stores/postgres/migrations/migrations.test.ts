import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../../../tests/servers/postgres.ts'
import { migrationSuite } from '../../../../tests/stores/migrations.ts'
import { columnsOf, dumpOf, layoutOf, loadInto } from '../../../../tests/stores/postgres-dump.ts'
import { TestSchema } from '../../../../tests/stores/postgres-schemas.ts'
import { insert } from '../../../testing/store-contract/samples.ts'
import { migratePostgres, postgresPoolOptions } from '../index.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './migrate.ts'

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

function emptySchema() {
  const empty = new TestSchema(url)
  return {
    open: () => empty.open(),
    load: (fixture: string, version: number) => loadInto(empty, fixture, version),
    dump: () => dumpOf(empty, MIGRATIONS),
    layout: () => layoutOf(empty),
    columns: () => columnsOf(empty),
    remove: () => empty.drop(),
  }
}

/** Rows of the table under "Two tables have more to them"; a cell that is empty means the one above. */
function ownColumns(storageDocument: string): string[] {
  const [, text = ''] = storageDocument.split('\n## PostgreSQL')
  const found: string[] = []
  let table = ''
  for (const [, named = '', columns = ''] of text.matchAll(/^\| (`\w+`)? ?\| ([^|]*) \|.*\|$/gm)) {
    if (named !== '') table = named.replaceAll('`', '')
    for (const [, column] of columns.matchAll(/`(\w+)`/g)) found.push(`${table}.${column}`)
  }
  return found
}

migrationSuite({
  fixtures: new URL('../fixtures/', import.meta.url),
  newest: SCHEMA_VERSION,
  empty: emptySchema,
  keyName: "Ada's\0 key",
  ownColumns,
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
