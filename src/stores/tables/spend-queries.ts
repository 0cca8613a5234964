/**
 * Queries of the spend ledger, in the words that both dialects share. What is inserted is one row of
 * parameters, or all the rows themselves.
 */
import { type InsertObject, type RawBuilder, sql as raw } from 'kysely'
import type { SpendSum } from '../../core/ports/ledger.ts'
import { checkPageSize } from './page-size.ts'
import { param, paramsFor } from './parameters.ts'
import { DAY_MS } from './spend-rows.ts'
import type { SpendSumsTable, SqlBuilder, Tables } from './tables.ts'

type Rows<Table extends keyof Tables> =
  | InsertObject<Tables, Table>
  | readonly InsertObject<Tables, Table>[]

const EXPIRED_AT_ONCE = 1000
const MAX_PAGE_SIZE = 1000

export const addReservations = (sql: SqlBuilder, rows: Rows<'spend_reservations'>) =>
  sql.insertInto('spend_reservations').values(rows)

/** Adds to what is there. */
export const addSums = (
  sql: SqlBuilder,
  table: 'spend_sums' | 'spend_days',
  rows: Rows<'spend_sums'>,
) =>
  sql
    .insertInto(table)
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['start_ms', 'key_id', 'model']).doUpdateSet({
        requests: plus(table, 'requests'),
        input_tokens: plus(table, 'input_tokens'),
        cached_input_tokens: plus(table, 'cached_input_tokens'),
        cache_write_tokens: plus(table, 'cache_write_tokens'),
        output_tokens: plus(table, 'output_tokens'),
        micro_usd: plus(table, 'micro_usd'),
        tokens: plus(table, 'tokens'),
      }),
    )

const plus = (table: string, column: keyof SpendSumsTable): RawBuilder<number> =>
  raw<number>`${raw.ref(`${table}.${column}`)} + ${raw.ref(`excluded.${column}`)}`

/** Open ones whose lease is over, the longest over first. */
export const dueReservations = (sql: SqlBuilder) =>
  sql
    .selectFrom('spend_reservations')
    .selectAll()
    .where('state', '=', 'open')
    .where('lease_until_ms', '<=', param<number>('now_ms'))
    .orderBy('lease_until_ms')
    .orderBy('id')
    .limit(EXPIRED_AT_ONCE)

/** Expired ones that no settlement corrects any more. */
export const forgetReservations = (sql: SqlBuilder) =>
  sql
    .deleteFrom('spend_reservations')
    .where('state', '=', 'expired')
    .where('lease_until_ms', '<=', param<number>('forgotten_ms'))

/** Whether either of the two above has anything to do. */
export const anyReservationDue = (sql: SqlBuilder) =>
  sql
    .selectFrom('spend_reservations')
    .select('id')
    .where(({ and, eb, or }) =>
      or([
        and([eb('state', '=', 'open'), eb('lease_until_ms', '<=', param<number>('now_ms'))]),
        and([
          eb('state', '=', 'expired'),
          eb('lease_until_ms', '<=', param<number>('forgotten_ms')),
        ]),
      ]),
    )
    .limit(1)

export const dueBy = (nowMs: number) => ({ now_ms: nowMs, forgotten_ms: nowMs - DAY_MS })

/** By id. */
export const openReservations = (sql: SqlBuilder) =>
  sql.selectFrom('spend_reservations').selectAll().where('state', '=', 'open').orderBy('id')

/** Throws `invalid_parameter`. */
export function sumsPage(sql: SqlBuilder, after: SpendSum | undefined, pageSize: number) {
  checkPageSize(pageSize, MAX_PAGE_SIZE)
  const select = sql
    .selectFrom('spend_sums')
    .selectAll()
    .orderBy('start_ms')
    .orderBy('key_id')
    .orderBy('model')
    .limit(pageSize)
  if (after === undefined) return select
  return select.where(({ eb, refTuple, tuple }) =>
    eb(
      refTuple('start_ms', 'key_id', 'model'),
      '>',
      tuple(after.startMs, after.keyId, after.model),
    ),
  )
}

export const putReset = (sql: SqlBuilder) =>
  sql
    .insertInto('spend_resets')
    .values(paramsFor('scope_kind', 'scope_id', 'at_ms', 'before_micro_usd', 'before_tokens'))
    .onConflict((conflict) =>
      conflict.columns(['scope_kind', 'scope_id']).doUpdateSet(({ ref }) => ({
        at_ms: ref('excluded.at_ms'),
        before_micro_usd: ref('excluded.before_micro_usd'),
        before_tokens: ref('excluded.before_tokens'),
      })),
    )

export const findReset = (sql: SqlBuilder) =>
  sql
    .selectFrom('spend_resets')
    .selectAll()
    .where('scope_kind', '=', param<string>('scope_kind'))
    .where('scope_id', '=', param<string>('scope_id'))

export const allResets = (sql: SqlBuilder) =>
  sql.selectFrom('spend_resets').selectAll().orderBy('scope_kind').orderBy('scope_id')

export const putCaps = (sql: SqlBuilder) =>
  sql
    .insertInto('spend_caps')
    .values(
      paramsFor(
        ...(['scope_kind', 'scope_id', 'per_day_micro_usd', 'per_month_micro_usd'] as const),
        ...(['models', 'max_output_tokens'] as const),
      ),
    )
    .onConflict((conflict) =>
      conflict.columns(['scope_kind', 'scope_id']).doUpdateSet(({ ref }) => ({
        per_day_micro_usd: ref('excluded.per_day_micro_usd'),
        per_month_micro_usd: ref('excluded.per_month_micro_usd'),
        models: ref('excluded.models'),
        max_output_tokens: ref('excluded.max_output_tokens'),
      })),
    )

export const deleteCaps = (sql: SqlBuilder) =>
  sql
    .deleteFrom('spend_caps')
    .where('scope_kind', '=', param<string>('scope_kind'))
    .where('scope_id', '=', param<string>('scope_id'))

export const allCaps = (sql: SqlBuilder) =>
  sql.selectFrom('spend_caps').selectAll().orderBy('scope_kind').orderBy('scope_id')
