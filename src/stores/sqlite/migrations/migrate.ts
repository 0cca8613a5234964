/**
 * Brings a database to the newest schema. The migrations are the static list below; the database
 * keeps the number of the last one in `user_version`, and Lockgate's mark in `application_id`.
 *
 * Concurrency: call it inside a write transaction. Of two processes that start at once the second
 * waits for the first and then finds nothing to do. Failure: the transaction undoes everything.
 */
import type { DatabaseSync } from 'node:sqlite'
import { unavailable } from '../store-error.ts'
import { addIdempotencyKeys } from './idempotency.ts'
import { createInitialSchema } from './initial.ts'
import { addLeakTables } from './leaks.ts'
import { addSpendTables } from './spend.ts'

/** In order; never changed or removed once released. Migration n leads to schema version n. */
const MIGRATIONS: readonly ((db: DatabaseSync) => void)[] = [
  createInitialSchema,
  addIdempotencyKeys,
  addLeakTables,
  addSpendTables,
]

export const SCHEMA_VERSION = MIGRATIONS.length

/** "LKGT": tells a database of Lockgate from any other SQLite file. */
const APPLICATION_ID = 0x4c4b4754

/** Throws `store_unavailable` when the database belongs to something else or to a newer version. */
export function checkSchema(db: DatabaseSync, path: string): void {
  const version = numberOf(db, 'pragma user_version')
  const applicationId = numberOf(db, 'pragma application_id')
  const objects = numberOf(db, 'select count(*) from sqlite_schema')
  const empty = applicationId === 0 && version === 0 && objects === 0
  if (applicationId !== APPLICATION_ID && !empty) {
    throw unavailable(path, 'it belongs to another application; name another file')
  }
  if (version > SCHEMA_VERSION) {
    const versions = `has schema ${version}, this version of Lockgate knows ${SCHEMA_VERSION}`
    throw unavailable(path, `it ${versions}; install the newer version that wrote it`)
  }
}

export function migrate(db: DatabaseSync): void {
  const version = numberOf(db, 'pragma user_version')
  for (const migration of MIGRATIONS.slice(version)) migration(db)
  // Also where nothing was pending: it fails here, at the start, if the file cannot be written.
  db.exec(`pragma application_id = ${APPLICATION_ID}`)
  db.exec(`pragma user_version = ${SCHEMA_VERSION}`)
}

function numberOf(db: DatabaseSync, sql: string): number {
  const [value] = Object.values(db.prepare(sql).get() ?? {})
  return Number(value)
}
