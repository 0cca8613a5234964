import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type EmptyDatabase, migrationSuite } from '../../../../tests/stores/migrations.ts'
import { openSqliteStore } from '../index.ts'
import { SCHEMA_VERSION } from './migrate.ts'

const FIXTURES = new URL('../fixtures/', import.meta.url)

class EmptyFile implements EmptyDatabase {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lockgate-migrate-'))
  readonly path = join(this.#folder, 'lockgate.db')

  open() {
    return openSqliteStore({ path: this.path })
  }

  async load(fixture: string) {
    this.#in((db) => db.exec(fixture))
  }

  async dump() {
    return this.#in(dump)
  }

  async layout() {
    return this.#in((db) => {
      const schema = db.prepare('select type, name, tbl_name, sql from sqlite_schema').all()
      return schema.map(({ name, sql }) => `${name}: ${sql}`).sort()
    })
  }

  async columns() {
    const text = `select t.name || '.' || c.name as name
      from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table'`
    return this.#in((db) =>
      db
        .prepare(text)
        .all()
        .map(({ name }) => String(name)),
    )
  }

  async remove() {
    rmSync(this.#folder, { recursive: true })
  }

  #in<Result>(work: (db: DatabaseSync) => Result): Result {
    const db = new DatabaseSync(this.path)
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
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

migrationSuite({
  fixtures: FIXTURES,
  newest: SCHEMA_VERSION,
  empty: () => new EmptyFile(),
  keyName: "Ada's key",
  ownColumns: () => [],
})

test('a database that another process is writing is not migrated half', async () => {
  const file = new EmptyFile()
  await file.load(readFileSync(new URL('v1.sql', FIXTURES), 'utf8'))
  const before = await file.dump()
  const db = new DatabaseSync(file.path)
  db.exec('begin immediate')
  await expect(openSqliteStore({ path: file.path, busyTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'store_unavailable',
  })
  db.exec('rollback')
  db.close()
  expect(await file.dump()).toBe(before)
  await file.remove()
})
