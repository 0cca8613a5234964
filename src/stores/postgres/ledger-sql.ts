/**
 * Statements of the ledger that are about many calls at once: one trip each, and each is one atomic
 * change by itself.
 */
import { type CompiledQuery, type RawBuilder, sql as raw } from 'kysely'
import { param } from '../tables/parameters.ts'
import { DAY_MS, MINUTE_MS } from '../tables/spend-rows.ts'
import type { Query } from './session.ts'
import type { Sql } from './sql.ts'

const SUMS = [
  ...(['requests', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens'] as const),
  ...(['output_tokens', 'micro_usd', 'tokens'] as const),
]

export interface LedgerSql {
  readonly open: Query<unknown>
  readonly renew: Query<unknown>
  readonly settle: Query<{ settled: number }>
}

/** Compiled once; `sql` names the schema. */
export function ledgerSql(sql: Sql): LedgerSql {
  const table = (name: string) => raw.table(`${sql.schema}.${name}`)
  return {
    open: compiled(sql, openStatement(table)),
    renew: compiled(sql, renewStatement(table)),
    settle: compiled(sql, settleStatement(table)),
  }
}

function compiled<Row>(sql: Sql, statement: RawBuilder<Row>): Query<Row> {
  const query: CompiledQuery<Row> = statement.compile(sql.shared)
  return { compile: () => query }
}

type Table = (name: string) => RawBuilder<unknown>

const texts = (name: string) => raw`${param(name)}::text[]`
const numbers = (name: string) => raw`${param(name)}::bigint[]`

const openStatement = (table: Table) => raw<unknown>`
  insert into ${table('spend_reservations')}
    (id, key_id, model, at_ms, micro_usd, tokens, lease_until_ms, state)
  select id, key_id, model, at_ms, micro_usd, tokens, lease_until_ms, 'open'
  from unnest(
    ${texts('ids')}, ${texts('key_ids')}, ${texts('models')}, ${numbers('times')},
    ${numbers('micro_usd')}, ${numbers('tokens')}, ${numbers('leases')}
  ) as given (id, key_id, model, at_ms, micro_usd, tokens, lease_until_ms)`

const renewStatement = (table: Table) => raw<unknown>`
  update ${table('spend_reservations')} set lease_until_ms = ${param('lease_until_ms')}
  where id = any(${texts('ids')}) and state = 'open'`

/**
 * Whoever deletes a reservation counts it: of two that settle it at once the second waits, and finds it
 * gone. One that expires meanwhile is deleted as it was left, and so corrected.
 */
const settleStatement = (table: Table) => raw<{ settled: number }>`
  with given as (
    select distinct on (id) * from unnest(
      ${texts('ids')}, ${numbers('requests')}, ${numbers('micro_usd')}, ${numbers('tokens')},
      ${numbers('input_tokens')}, ${numbers('cached_input_tokens')},
      ${numbers('cache_write_tokens')}, ${numbers('output_tokens')}
    ) with ordinality as given (id, requests, micro_usd, tokens, input_tokens,
      cached_input_tokens, cache_write_tokens, output_tokens, place)
    order by id, place
  ), settled as (
    delete from ${table('spend_reservations')} as held using given where held.id = given.id
    returning held.at_ms, held.key_id, coalesce(held.model, '') as model,
      given.requests - case held.state when 'open' then 0 else 1 end as requests,
      given.micro_usd - case held.state when 'open' then 0 else held.micro_usd end as micro_usd,
      given.tokens - case held.state when 'open' then 0 else held.tokens end as tokens,
      given.input_tokens, given.cached_input_tokens, given.cache_write_tokens, given.output_tokens
  ), minutes as (${addSettled(table('spend_sums'), MINUTE_MS)}),
  days as (${addSettled(table('spend_days'), DAY_MS)})
  select count(*) as settled from settled`

/** In one order for all instances, or two that settle at once could wait for each other. */
const addSettled = (table: RawBuilder<unknown>, sliceMs: number) => raw`
  insert into ${table} as kept (start_ms, key_id, model, ${columns((column) => raw.ref(column))})
  select at_ms - at_ms % ${raw.lit(sliceMs)} as start_ms, key_id, model,
    ${columns((column) => raw`sum(${raw.ref(column)})`)}
  from settled group by 1, 2, 3 order by 1, 2, 3
  on conflict (start_ms, key_id, model) do update set ${columns(
    (column) =>
      raw`${raw.ref(column)} = ${raw.ref(`kept.${column}`)} + ${raw.ref(`excluded.${column}`)}`,
  )}`

const columns = (of: (column: string) => RawBuilder<unknown>) => raw.join(SUMS.map(of))
