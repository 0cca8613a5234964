/**
 * Brings a database to the newest schema. The migrations are the static list below; the table
 * `schema_version` keeps the number of the last one, and Lockgate's mark.
 *
 * Concurrency: of many instances that start at once the first one holds an advisory lock while it
 * migrates, and the others then find nothing to do. A database that is up to date is only read, so
 * an instance needs no right to create anything. Failure: one transaction, which changes all or
 * nothing, and may be run again.
 */
import { type RawBuilder, sql as raw } from 'kysely'
import { borrow } from '../borrow.ts'
import { Deadline } from '../deadline.ts'
import { storeError, unavailable } from '../failure.ts'
import { checkSchemaName, DEFAULT_PLACE, DEFAULT_SCHEMA } from '../options.ts'
import type { PostgresPool } from '../pool.ts'
import type { Session } from '../session.ts'
import { LOCK_FAMILY, sqlIn } from '../sql.ts'
import { createInitialSchema } from './initial.ts'
import { addLeakTables } from './leaks.ts'
import { addSpendTables } from './spend.ts'

/** In order; never changed or removed once released. Migration n leads to schema version n. */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  createInitialSchema,
  addLeakTables,
  addSpendTables,
]

export const SCHEMA_VERSION = MIGRATIONS.length

const MIGRATION_LOCK = 2
const APPLICATION = 'lockgate'
const CHECK_DEADLINE_MS = 5000
/** For a migration of a large database, and for waiting for that of another instance. */
const MIGRATION_DEADLINE_MS = 10 * 60 * 1000

export interface SchemaOptions {
  readonly schema?: string
  readonly place?: string
}

/** The schema's version before and after; 0 where there was none. */
export interface Migrated {
  readonly from: number
  readonly to: number
}

interface Found {
  readonly encoding: string
  readonly has_schema: boolean
  readonly has_version: boolean
  readonly relations: number
}

/** Migrates if that is needed. Rejects with `store_unavailable`. */
export async function migratePostgres(
  pool: PostgresPool,
  options: SchemaOptions = {},
): Promise<Migrated> {
  const { schema, place } = namesOf(options)
  try {
    const version = await borrow(pool, new Deadline(CHECK_DEADLINE_MS), (session) =>
      versionOf(session, schema, place),
    )
    if (version !== SCHEMA_VERSION) {
      await borrow(pool, new Deadline(MIGRATION_DEADLINE_MS), (session) =>
        migrate(session, schema, place),
      )
    }
    return { from: version, to: SCHEMA_VERSION }
  } catch (error) {
    throw storeError(error, place)
  }
}

/** Rejects with `store_unavailable` unless the database has the newest schema. */
export async function checkPostgres(pool: PostgresPool, options: SchemaOptions): Promise<void> {
  const { schema, place } = namesOf(options)
  try {
    const version = await borrow(pool, new Deadline(CHECK_DEADLINE_MS), (session) =>
      versionOf(session, schema, place),
    )
    if (version === SCHEMA_VERSION) return
    const versions = `has schema ${version}, this version of Lockgate needs ${SCHEMA_VERSION}`
    throw unavailable(place, `it ${versions}; run "lockgate migrate"`)
  } catch (error) {
    throw storeError(error, place)
  }
}

const namesOf = ({ schema = DEFAULT_SCHEMA, place = DEFAULT_PLACE }: SchemaOptions) => ({
  schema: checkSchemaName(schema),
  place,
})

async function migrate(session: Session, schema: string, place: string): Promise<void> {
  try {
    await session.run(
      `begin isolation level read committed; set local statement_timeout = 0;
      set local lock_timeout = 0; set local idle_in_transaction_session_timeout = 0;
      select pg_advisory_xact_lock(${LOCK_FAMILY}, ${MIGRATION_LOCK})`,
    )
    const version = await versionOf(session, schema, place)
    if (version === 0) await session.run(await beginnings(session, schema))
    for (const migration of MIGRATIONS.slice(version)) await session.run(migration(`"${schema}"`))
    await session.run(`update "${schema}".schema_version set version = ${SCHEMA_VERSION}; commit`)
  } catch (error) {
    if (!session.broken) await session.run('rollback').catch(() => undefined)
    throw error
  }
}

/** Whoever prepared the schema need not let this user create one. */
async function beginnings(session: Session, schema: string): Promise<string> {
  const { has_schema: exists } = await lookAt(session, schema)
  return `${exists ? '' : `create schema "${schema}";`}
    create table "${schema}".schema_version (
      one boolean primary key default true check (one),
      application text not null,
      version integer not null
    );
    insert into "${schema}".schema_version values (true, '${APPLICATION}', 0)`
}

/** 0 where there is nothing yet. Throws when the database cannot be used. */
async function versionOf(session: Session, schema: string, place: string): Promise<number> {
  const found = await lookAt(session, schema)
  if (found.encoding !== 'UTF8') {
    const encoding = `its encoding is ${found.encoding}, which cannot keep all text`
    throw unavailable(place, `${encoding}; create a database with encoding UTF8`)
  }
  if (!found.has_version && found.relations === 0) return 0
  const version = found.has_version ? await readVersion(session, schema) : undefined
  if (version === undefined) {
    throw unavailable(
      place,
      `its schema "${schema}" belongs to another application; name another database`,
    )
  }
  if (version > SCHEMA_VERSION) {
    const versions = `has schema ${version}, this version of Lockgate knows ${SCHEMA_VERSION}`
    throw unavailable(place, `it ${versions}; install the newer version that wrote it`)
  }
  return version
}

async function lookAt(session: Session, schema: string): Promise<Found> {
  const found = await session.get(
    query<Found>(raw`
      select current_setting('server_encoding') as encoding,
        exists (select from pg_namespace where nspname = ${schema}) as has_schema,
        exists (select from pg_tables where schemaname = ${schema} and tablename = 'schema_version')
          as has_version,
        (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = ${schema}) as relations`),
  )
  if (found === undefined) throw new Error('the server does not say what it holds')
  return found
}

/** Undefined when the table is not one of Lockgate's. */
async function readVersion(session: Session, schema: string): Promise<number | undefined> {
  const table = raw.table(`${schema}.schema_version`)
  const rows = await session.all(
    query<{ row: string }>(raw`select to_jsonb(v)::text as row from ${table} v limit 1`),
  )
  const { application, version } = JSON.parse(rows[0]?.row ?? '{}')
  return application === APPLICATION && Number.isInteger(version) ? version : undefined
}

const { shared: builder } = sqlIn(DEFAULT_SCHEMA)

const query = <Row>(text: RawBuilder<Row>) => ({ compile: () => text.compile(builder) })
