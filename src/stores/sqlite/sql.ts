/** The builder of SQL for SQLite. */
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Tables } from '../tables/tables.ts'

/**
 * Builds typed SQL and runs nothing. Kysely's own SQLite driver awaits between the statements of a
 * transaction, where other requests could slip in on the same connection; `Connection` runs the
 * compiled text synchronously instead, so that a transaction is one unbroken step.
 */
export const sqlite: Kysely<Tables> = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})
