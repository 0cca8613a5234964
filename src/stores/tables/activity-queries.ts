/**
 * Queries of how keys are used, in the words that both dialects share. What is inserted or asked for
 * is one row of parameters, or all the rows themselves.
 */
import { type InsertObject, type RawBuilder, sql as raw } from 'kysely'
import { param } from './parameters.ts'
import type { SqlBuilder, Tables } from './tables.ts'

const MAX_NETWORKS = 64
/** SQLite takes no OFFSET without a LIMIT. */
const ALL = 1_000_000_000

type Rows<Table extends keyof Tables> =
  | InsertObject<Tables, Table>
  | readonly InsertObject<Tables, Table>[]

type KeyIds = readonly (string | RawBuilder<string>)[]

export const addActivity = (sql: SqlBuilder, rows: Rows<'key_activity'>) =>
  sql
    .insertInto('key_activity')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('key_id').doUpdateSet((eb) => ({
        requests: eb('key_activity.requests', '+', eb.ref('excluded.requests')),
        ...usedBetween('key_activity'),
      })),
    )

export const addNetworks = (sql: SqlBuilder, rows: Rows<'key_networks'>) =>
  sql
    .insertInto('key_networks')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'network']).doUpdateSet((eb) => ({
        requests: eb('key_networks.requests', '+', eb.ref('excluded.requests')),
        ...usedBetween('key_networks'),
      })),
    )

export const addHours = (sql: SqlBuilder, rows: Rows<'key_hours'>) =>
  sql
    .insertInto('key_hours')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['key_id', 'hour_start_ms']).doUpdateSet((eb) => ({
        requests: eb('key_hours.requests', '+', eb.ref('excluded.requests')),
      })),
    )

/** The earlier first use and the later last one: processes save in any order. */
const usedBetween = (table: 'key_activity' | 'key_networks') => ({
  first_used_at_ms: extreme(table, 'first_used_at_ms', '<'),
  last_used_at_ms: extreme(table, 'last_used_at_ms', '>'),
})

function extreme(table: string, column: string, sign: '<' | '>'): RawBuilder<number> {
  const [kept, added] = [raw.ref(`${table}.${column}`), raw.ref(`excluded.${column}`)]
  return raw<number>`case when ${added} ${raw.raw(sign)} ${kept} then ${added} else ${kept} end`
}

/** Those of these keys that have more networks than are kept. */
export const crowdedKeys = (sql: SqlBuilder, keyIds: KeyIds) =>
  sql
    .selectFrom('key_networks')
    .select('key_id')
    .where('key_id', 'in', keyIds)
    .groupBy('key_id')
    .having(({ fn }) => fn.countAll<number>(), '>', MAX_NETWORKS)

/** The oldest of those above the bound go. */
export const trimNetworks = (sql: SqlBuilder) =>
  sql
    .deleteFrom('key_networks')
    .where('key_id', '=', param<string>('key_id'))
    .where('network', 'in', (eb) =>
      eb
        .selectFrom('key_networks')
        .select('network')
        .where('key_id', '=', param<string>('key_id'))
        .orderBy('last_used_at_ms', 'desc')
        .orderBy('network')
        .limit(ALL)
        .offset(MAX_NETWORKS),
    )

export const pruneNetworks = (sql: SqlBuilder) =>
  sql.deleteFrom('key_networks').where('last_used_at_ms', '<=', param<number>('networks_before_ms'))

export const pruneHours = (sql: SqlBuilder) =>
  sql.deleteFrom('key_hours').where('hour_start_ms', '<=', param<number>('hours_before_ms'))

export const activityOf = (sql: SqlBuilder, keyIds: KeyIds) =>
  sql.selectFrom('key_activity').selectAll().where('key_id', 'in', keyIds)

/** Newest first. */
export const networksOf = (sql: SqlBuilder, keyIds: KeyIds) =>
  sql
    .selectFrom('key_networks')
    .selectAll()
    .where('key_id', 'in', keyIds)
    .orderBy('last_used_at_ms', 'desc')
    .orderBy('network')

/** Oldest first. */
export const hoursOf = (sql: SqlBuilder, keyIds: KeyIds) =>
  sql.selectFrom('key_hours').selectAll().where('key_id', 'in', keyIds).orderBy('hour_start_ms')

export const activeKeys = (sql: SqlBuilder) =>
  sql
    .selectFrom('key_activity')
    .select('key_id')
    .where('last_used_at_ms', '>=', param<number>('since_ms'))
    .where('key_id', '>', param<string>('after'))
    .orderBy('key_id')
    .limit(param<number>('page_size'))
