/**
 * What counters have to know of a scope. One statement reads all of it, so that a call that is settled
 * meanwhile is either still open or in the sums, never both and never neither.
 *
 * The month is the sum of its days, so that a seed stays cheap however many minutes it has. After a reset
 * it is the rest of that day by minutes, and the days after it.
 */
import { sql as raw } from 'kysely'
import type { SpendSeed } from '../../core/ports/counters.ts'
import type { SpendReset } from '../../core/ports/ledger.ts'
import type { Amount } from '../../core/spend/amount.ts'
import type { SpendScope } from '../../core/spend/caps.ts'
import { param } from './parameters.ts'
import { DAY_MS, MINUTE_MS, sliceOf } from './spend-rows.ts'
import { inScope } from './spend-scope.ts'
import type { SqlBuilder } from './tables.ts'

export type Seed = Omit<SpendSeed, 'subject' | 'readAtMs'>

/** A minute, a part of the month, or an open reservation. */
export interface SeedRow {
  readonly part: string
  readonly id: string
  readonly at_ms: number
  readonly micro_usd: number
  readonly tokens: number
}

/** bigint: PostgreSQL would make it numeric. */
const total = (column: 'micro_usd' | 'tokens') =>
  raw<number>`cast(coalesce(sum(${raw.ref(column)}), 0) as bigint)`.as(column)

export const spendSeed = (sql: SqlBuilder, kind: SpendScope['kind']) =>
  sql
    .selectFrom('spend_sums')
    .select([raw<string>`'minute'`.as('part'), raw<string>`''`.as('id'), 'start_ms as at_ms'])
    .select([total('micro_usd'), total('tokens')])
    .where(inScope(sql, kind))
    .where('start_ms', '>=', param<number>('minutes_from_ms'))
    .groupBy('start_ms')
    .unionAll(monthPart(sql, 'spend_days', kind, 'days_from_ms', 'days_until_ms'))
    .unionAll(monthPart(sql, 'spend_sums', kind, 'rest_from_ms', 'rest_until_ms'))
    .unionAll(
      sql
        .selectFrom('spend_reservations')
        .select([raw<string>`'open'`.as('part'), 'id', 'at_ms', 'micro_usd', 'tokens'])
        .where(inScope(sql, kind))
        .where('state', '=', 'open'),
    )

const monthPart = (
  sql: SqlBuilder,
  table: 'spend_days' | 'spend_sums',
  kind: SpendScope['kind'],
  from: string,
  until: string,
) =>
  sql
    .selectFrom(table)
    .select([raw<string>`'month'`.as('part'), raw<string>`''`.as('id')])
    .select(raw<number>`0`.as('at_ms'))
    .select([total('micro_usd'), total('tokens')])
    .where(inScope(sql, kind))
    .where('start_ms', '>=', param<number>(from))
    .where('start_ms', '<', param<number>(until))

/** What was settled in a minute: hidden by a reset in it. */
export const settledInMinute = (sql: SqlBuilder, kind: SpendScope['kind']) =>
  sql
    .selectFrom('spend_sums')
    .select([total('micro_usd'), total('tokens')])
    .where(inScope(sql, kind))
    .where('start_ms', '=', param<number>('start_ms'))

/** Which times a seed is about. */
export class SeedWindow {
  readonly #resetMinuteMs: number
  readonly #before: Amount
  readonly #minutesFromMs: number
  readonly #monthStartMs: number
  readonly #monthEndMs: number

  constructor(nowMs: number, reset: SpendReset | undefined) {
    const now = new Date(nowMs)
    const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()]
    this.#resetMinuteMs = reset === undefined ? 0 : sliceOf(reset.atMs, MINUTE_MS)
    this.#before = reset?.before ?? { microUsd: 0, tokens: 0 }
    this.#minutesFromMs = Math.max(sliceOf(nowMs - DAY_MS, MINUTE_MS), this.#resetMinuteMs)
    this.#monthStartMs = Date.UTC(year, month)
    this.#monthEndMs = Date.UTC(year, month + 1)
  }

  get #isResetThisMonth(): boolean {
    return this.#resetMinuteMs >= this.#monthStartMs
  }

  get args() {
    const afterResetMs = sliceOf(this.#resetMinuteMs, DAY_MS) + DAY_MS
    const inMonth = this.#isResetThisMonth
    return {
      minutes_from_ms: this.#minutesFromMs,
      days_from_ms: inMonth ? afterResetMs : this.#monthStartMs,
      days_until_ms: this.#monthEndMs,
      rest_from_ms: inMonth ? this.#resetMinuteMs : 0,
      rest_until_ms: inMonth ? afterResetMs : 0,
    }
  }

  seedFrom(rows: readonly SeedRow[]): Seed {
    const minutes = rows
      .filter(({ part }) => part === 'minute')
      .map((row) => ({ startMs: row.at_ms, ...amountFrom(row) }))
      .map((minute) =>
        minute.startMs === this.#resetMinuteMs ? less(minute, this.#before) : minute,
      )
    const month = rows
      .filter(({ part }) => part === 'month')
      .map(amountFrom)
      .reduce((sum, part) => ({
        microUsd: sum.microUsd + part.microUsd,
        tokens: sum.tokens + part.tokens,
      }))
    return {
      minutes: minutes.sort((a, b) => a.startMs - b.startMs),
      month: {
        startMs: this.#monthStartMs,
        ...(this.#isResetThisMonth ? less(month, this.#before) : month),
      },
      open: rows
        .filter(({ part }) => part === 'open')
        .map((row) => ({ id: row.id, atMs: row.at_ms, ...amountFrom(row) })),
    }
  }
}

const amountFrom = (row: SeedRow): Amount => ({ microUsd: row.micro_usd, tokens: row.tokens })

/** At least 0: an expired call that was charged before may have been corrected since. */
const less = <Sum extends Amount>(sum: Sum, before: Amount): Sum => ({
  ...sum,
  microUsd: Math.max(0, sum.microUsd - before.microUsd),
  tokens: Math.max(0, sum.tokens - before.tokens),
})
