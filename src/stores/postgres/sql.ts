/** The builders of SQL for PostgreSQL, and the tables that only PostgreSQL has. They run nothing. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import type { AuditHeadsTable, SqlBuilder, Tables } from '../tables/tables.ts'

export interface WriteReceiptsTable {
  receipt: string
  at_ms: number
  /** True: the transaction of that name did not take place and never will. */
  void: boolean
}

export interface PostgresTables extends Omit<Tables, 'audit_heads'> {
  audit_heads: AuditHeadsTable & { holder: string | null; held_until_ms: number }
  write_receipts: WriteReceiptsTable
}

export interface Sql {
  readonly schema: string
  /** For the queries that both stores have. */
  readonly shared: SqlBuilder
  readonly own: Kysely<PostgresTables>
}

/** `schema` holds the tables; it is a plain identifier. */
export const sqlIn = (schema: string): Sql => ({
  schema,
  shared: builder<Tables>(schema),
  own: builder<PostgresTables>(schema),
})

const builder = <Database>(schema: string): Kysely<Database> =>
  new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema(schema)

/** The server's clock: the one that all instances share. */
export const NOW_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** `LKGT`, the first part of the advisory locks that Lockgate takes. */
export const LOCK_FAMILY = 0x4c4b4754
