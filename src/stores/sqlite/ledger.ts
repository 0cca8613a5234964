/**
 * Calls that are open, and what settled ones add up to. Every method runs inside a transaction or read
 * of its caller.
 *
 * `open`, `renew` and `settle` are on the way of each call, so their statements are few and prepared
 * once, and settlements are summed up before they are written.
 */
import { LockgateError } from '../../core/errors.ts'
import type { SpendReservation, SpendSettlement } from '../../core/ports/ledger.ts'
import { param, paramsFor } from '../tables/parameters.ts'
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
  settledSum,
} from '../tables/spend-rows.ts'
import type { SpendReservationsTable, SpendSumsTable } from '../tables/tables.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

export class Ledger {
  readonly #open: Statement<{ id: string }>
  readonly #renew: Statement<unknown>
  readonly #take: Statement<SpendReservationsTable>
  readonly #addMinute: Statement<unknown>
  readonly #addDay: Statement<unknown>
  readonly #anyDue: Statement<{ id: string }>
  readonly #due: Statement<SpendReservationsTable>
  readonly #expire: Statement<unknown>
  readonly #forget: Statement<unknown>

  constructor(connection: Connection) {
    this.#open = connection.prepare(openQuery())
    this.#renew = connection.prepare(renewQuery())
    this.#take = connection.prepare(takeQuery())
    this.#addMinute = connection.prepare(addSums(sqlite, 'spend_sums', SUM).compile())
    this.#addDay = connection.prepare(addSums(sqlite, 'spend_days', SUM).compile())
    this.#anyDue = connection.prepare(anyReservationDue(sqlite).compile())
    this.#due = connection.prepare(dueReservations(sqlite).compile())
    this.#expire = connection.prepare(expireQuery())
    this.#forget = connection.prepare(forgetReservations(sqlite).compile())
  }

  /** Throws `conflict`. */
  open(reservations: readonly SpendReservation[]): void {
    for (const reservation of reservations) {
      if (this.#open.get(rowFromReservation(reservation)) !== undefined) continue
      throw new LockgateError('conflict', `reservation ${reservation.id} exists already`)
    }
  }

  renew(ids: readonly string[], leaseUntilMs: number): void {
    for (const id of ids) this.#renew.run({ id, lease_until_ms: leaseUntilMs })
  }

  /** Returns how many counted. */
  settle(settlements: readonly SpendSettlement[]): number {
    const sums: SpendSumsTable[] = []
    for (const settlement of settlements) {
      const row = this.#take.get({ id: settlement.id })
      if (row !== undefined) sums.push(settledSum(row, settlement))
    }
    this.addSums(sums)
    return sums.length
  }

  /** By minute, of other stores too. */
  addSums(sums: readonly SpendSumsTable[]): void {
    for (const row of mergedSums(sums, MINUTE_MS)) this.#addMinute.run({ ...row })
    for (const row of mergedSums(sums, DAY_MS)) this.#addDay.run({ ...row })
  }

  isAnyDue(nowMs: number): boolean {
    return this.#anyDue.get(dueBy(nowMs)) !== undefined
  }

  /** Returns those that were charged. */
  expire(nowMs: number): SpendReservation[] {
    const due = this.#due.all(dueBy(nowMs))
    for (const { id } of due) this.#expire.run({ id })
    this.addSums(due.map(expiredSum))
    this.#forget.run(dueBy(nowMs))
    return due.map(reservationFromRow)
  }
}

const RESERVATION = paramsFor(
  ...(['id', 'key_id', 'model', 'at_ms', 'micro_usd', 'tokens'] as const),
  ...(['lease_until_ms', 'state'] as const),
)

const SUM = paramsFor(
  ...(['start_ms', 'key_id', 'model', 'requests', 'input_tokens'] as const),
  ...(['cached_input_tokens', 'cache_write_tokens', 'output_tokens'] as const),
  ...(['micro_usd', 'tokens'] as const),
)

const openQuery = () =>
  addReservations(sqlite, RESERVATION)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .compile()

const renewQuery = () =>
  sqlite
    .updateTable('spend_reservations')
    .set({ lease_until_ms: param<number>('lease_until_ms') })
    .where('id', '=', param<string>('id'))
    .where('state', '=', 'open')
    .compile()

const takeQuery = () =>
  sqlite
    .deleteFrom('spend_reservations')
    .where('id', '=', param<string>('id'))
    .returningAll()
    .compile()

const expireQuery = () =>
  sqlite
    .updateTable('spend_reservations')
    .set({ state: 'expired' })
    .where('id', '=', param<string>('id'))
    .compile()
