/**
 * Calls that are open, and what settled ones add up to. Every method runs in a session of its caller;
 * all but `open` and `isAnyDue` inside a transaction.
 */
import { sql as raw } from 'kysely'
import { LockgateError } from '../../core/errors.ts'
import type { SpendReservation, SpendSettlement } from '../../core/ports/ledger.ts'
import {
  addReservations,
  addSums,
  anyReservationDue,
  dueBy,
  dueReservations,
  forgetReservations,
} from '../tables/spend-queries.ts'
import {
  DAY_MS,
  expiredSum,
  MINUTE_MS,
  mergedSums,
  reservationFromRow,
  rowFromReservation,
} from '../tables/spend-rows.ts'
import type { SpendSumsTable } from '../tables/tables.ts'
import { numberArray, textArray } from './arrays.ts'
import { isDuplicate } from './failure.ts'
import { groupsOf } from './groups.ts'
import { type LedgerSql, ledgerSql } from './ledger-sql.ts'
import type { Session } from './session.ts'
import type { Sql } from './sql.ts'

export class Ledger {
  readonly #sql: Sql
  readonly #statements: LedgerSql

  constructor(sql: Sql) {
    this.#sql = sql
    this.#statements = ledgerSql(sql)
  }

  /**
   * One statement, outside of any transaction. `isRepeated`: an attempt before this one may have
   * happened; then all of its reservations are there. Throws `conflict`.
   */
  async open(
    session: Session,
    reservations: readonly SpendReservation[],
    isRepeated: boolean,
  ): Promise<void> {
    try {
      await session.all(this.#statements.open, columnsOf(reservations))
    } catch (error) {
      if (!isDuplicate(error)) throw error
      if (isRepeated && (await this.#areOpen(session, reservations))) return
      const names = reservations.length === 1 ? `reservation ${reservations[0]?.id}` : 'one of them'
      throw new LockgateError('conflict', `${names} exists already; nothing was changed`)
    }
  }

  async #areOpen(session: Session, reservations: readonly SpendReservation[]): Promise<boolean> {
    const ids = textArray(reservations.map(({ id }) => id))
    const open = this.#sql.shared
      .selectFrom('spend_reservations')
      .select('id')
      .where('state', '=', 'open')
      .where(raw<boolean>`id = any(${ids}::text[])`)
    return (await session.all(open)).length === reservations.length
  }

  async renew(session: Session, ids: readonly string[], leaseUntilMs: number): Promise<void> {
    const args = { ids: textArray(ids), lease_until_ms: leaseUntilMs }
    await session.all(this.#statements.renew, args)
  }

  /** Returns how many counted. */
  async settle(session: Session, settlements: readonly SpendSettlement[]): Promise<number> {
    const numbers = (of: (settlement: SpendSettlement) => number) =>
      numberArray(settlements.map(of))
    const result = await session.get(this.#statements.settle, {
      ids: textArray(settlements.map(({ id }) => id)),
      requests: numbers(({ isExtension = false }) => (isExtension ? 0 : 1)),
      micro_usd: numbers(({ amount }) => amount.microUsd),
      tokens: numbers(({ amount }) => amount.tokens),
      input_tokens: numbers(({ usage }) => usage.inputTokens),
      cached_input_tokens: numbers(({ usage }) => usage.cachedInputTokens),
      cache_write_tokens: numbers(({ usage }) => usage.cacheWriteTokens),
      output_tokens: numbers(({ usage }) => usage.outputTokens),
    })
    return result?.settled ?? 0
  }

  /** By minute, of other stores too. */
  async addSums(session: Session, sums: readonly SpendSumsTable[]): Promise<void> {
    const { shared } = this.#sql
    for (const rows of groupsOf(mergedSums(sums, MINUTE_MS))) {
      await session.all(addSums(shared, 'spend_sums', rows))
    }
    for (const rows of groupsOf(mergedSums(sums, DAY_MS))) {
      await session.all(addSums(shared, 'spend_days', rows))
    }
  }

  /** From another store. */
  async add(session: Session, reservations: readonly SpendReservation[]): Promise<void> {
    for (const rows of groupsOf(reservations.map(rowFromReservation))) {
      await session.all(addReservations(this.#sql.shared, rows))
    }
  }

  async isAnyDue(session: Session, nowMs: number): Promise<boolean> {
    return (await session.get(anyReservationDue(this.#sql.shared), dueBy(nowMs))) !== undefined
  }

  /** Passes over those that another instance is charging. Returns those that were charged. */
  async expire(session: Session, nowMs: number): Promise<SpendReservation[]> {
    const { shared } = this.#sql
    const free = dueReservations(shared).modifyEnd(raw`for update skip locked`)
    const due = await session.all(free, dueBy(nowMs))
    const ids = textArray(due.map(({ id }) => id))
    await session.all(
      shared
        .updateTable('spend_reservations')
        .set({ state: 'expired' })
        .where(raw<boolean>`id = any(${ids}::text[])`),
    )
    await this.addSums(session, due.map(expiredSum))
    await session.all(forgetReservations(shared), dueBy(nowMs))
    return due.map(reservationFromRow)
  }
}

const columnsOf = (reservations: readonly SpendReservation[]) => ({
  ids: textArray(reservations.map(({ id }) => id)),
  key_ids: textArray(reservations.map(({ keyId }) => keyId)),
  models: textArray(reservations.map(({ model }) => model)),
  times: numberArray(reservations.map(({ atMs }) => atMs)),
  micro_usd: numberArray(reservations.map(({ amount }) => amount.microUsd)),
  tokens: numberArray(reservations.map(({ amount }) => amount.tokens)),
  leases: numberArray(reservations.map(({ leaseUntilMs }) => leaseUntilMs)),
})
