/** Brings the database that a URL names to the newest schema, and says where it was. */
import { isPostgres } from '../config/index.ts'
import { migratePostgres, postgresPlace } from '../stores/postgres/index.ts'
import { openSqliteStore, sqliteSchemaVersion } from '../stores/sqlite/index.ts'
import { createPool } from './create-pool.ts'
import { explainStore } from './open-store.ts'

export interface Migrated {
  /** 0 where there was no database yet. */
  readonly from: number
  readonly to: number
}

/** @throws LockgateError `store_unavailable`, and then nothing has changed. */
export function migrateDatabase(databaseUrl: string): Promise<Migrated> {
  const migrate = isPostgres(databaseUrl) ? migrateServer : migrateFile
  return explainStore(migrate(databaseUrl), databaseUrl)
}

async function migrateFile(url: string): Promise<Migrated> {
  const path = url.slice('sqlite:'.length)
  const from = sqliteSchemaVersion(path)
  const store = await openSqliteStore({ path })
  await store.close()
  return { from, to: sqliteSchemaVersion(path) }
}

async function migrateServer(url: string): Promise<Migrated> {
  const pool = await createPool(url)
  try {
    return await migratePostgres(pool, { place: postgresPlace(url) })
  } finally {
    await pool.end()
  }
}
