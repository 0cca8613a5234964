/**
 * Queries of usage checkpoints, in the words that both dialects share. What is inserted is one row of
 * parameters, or all the rows themselves.
 */
import type { InsertObject } from 'kysely'
import { param } from './parameters.ts'
import type { SqlBuilder, Tables } from './tables.ts'

type Rows<Table extends keyof Tables> =
  | InsertObject<Tables, Table>
  | readonly InsertObject<Tables, Table>[]

export const addChunks = (sql: SqlBuilder, rows: Rows<'usage_chunks'>) =>
  sql.insertInto('usage_chunks').values(rows)

export const putMeters = (sql: SqlBuilder, rows: Rows<'usage_meters'>) =>
  sql
    .insertInto('usage_meters')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['subject', 'limit_name']).doUpdateSet((eb) => ({
        expires_at_ms: eb.ref('excluded.expires_at_ms'),
        state: eb.ref('excluded.state'),
      })),
    )

export const pruneUsage = (sql: SqlBuilder, table: 'usage_chunks' | 'usage_meters') =>
  sql.deleteFrom(table).where('expires_at_ms', '<=', param<number>('now_ms'))

/** Oldest first. */
export const liveChunks = (sql: SqlBuilder) =>
  sql
    .selectFrom('usage_chunks')
    .select(['subject', 'expires_at_ms', 'admissions'])
    .where('expires_at_ms', '>', param<number>('now_ms'))
    .orderBy('chunk_id')

export const liveMeters = (sql: SqlBuilder) =>
  sql
    .selectFrom('usage_meters')
    .selectAll()
    .where('expires_at_ms', '>', param<number>('now_ms'))
    .orderBy('subject')
    .orderBy('limit_name')
