/**
 * One write transaction, and how to learn what became of it when its answer is lost.
 *
 * A transaction leaves a receipt, a random name, in the table `write_receipts`. When the connection
 * breaks after COMMIT was sent, `outcome` asks on another one by inserting a void receipt of the same
 * name: the unique index makes that wait for the lost transaction to end, if it still runs. If it has
 * committed, its receipt is found; if not, the void receipt stays and it cannot commit any more. So
 * both answers are final, also after a crash of the server, where a number of a transaction
 * (`pg_current_xact_id`) might be given out again.
 */
import { randomId } from '../../core/crypto.ts'
import type { Session } from './session.ts'
import { NOW_MS, type Sql } from './sql.ts'

/** Each transaction leaves one receipt and removes up to two that are a day old. */
const PRUNED_AT_ONCE = 2
const KEPT_MS = 24 * 60 * 60 * 1000
const LONG_MS = 60_000

export interface TransactionLimits {
  /** For all waiting and working on the server; `Infinity` leaves a minute for each statement. */
  readonly remainingMs: number
}

export class Transaction<Result> {
  readonly #sql: Sql
  readonly #work: (session: Session) => Promise<Result>
  readonly #receipt = randomId(22)
  #committing: { readonly result: Result } | undefined
  #abandoned = false

  constructor(sql: Sql, work: (session: Session) => Promise<Result>) {
    this.#sql = sql
    this.#work = work
  }

  async run(session: Session, limits: TransactionLimits): Promise<Result> {
    try {
      await session.run(this.#begin(limits))
      const result = await this.#work(session)
      this.#commit(result)
      await session.run('commit')
      return result
    } catch (error) {
      if (this.#committing === undefined && !session.broken) {
        // A connection that cannot roll back is broken, and ends the transaction by ending.
        await session.run('rollback').catch(() => undefined)
      }
      throw error
    }
  }

  /**
   * Called when `run` did not fulfil. Undefined: COMMIT was not sent and never will be. Otherwise what
   * the transaction resolves to if it took place.
   */
  abandon(): { readonly result: Result } | undefined {
    this.#abandoned = true
    return this.#committing
  }

  /** Whether the transaction took place, for good. */
  async tookPlace(session: Session): Promise<boolean> {
    const { own } = this.#sql
    const voided = { receipt: this.#receipt, at_ms: NOW_MS, void: true }
    await session.all(
      own
        .insertInto('write_receipts')
        .values(voided)
        .onConflict((conflict) => conflict.column('receipt').doNothing()),
    )
    const found = own.selectFrom('write_receipts').select('void')
    const receipt = await session.get(found.where('receipt', '=', this.#receipt))
    return receipt?.void === false
  }

  #commit(result: Result): void {
    if (this.#abandoned) throw new Error('the transaction was given up')
    this.#committing = { result }
  }

  /** All in one trip. What is set here ends a transaction whose client is gone or hangs. */
  #begin({ remainingMs }: TransactionLimits): string {
    const limitMs = Math.max(1, Math.min(remainingMs, LONG_MS))
    const receipts = `"${this.#sql.schema}".write_receipts`
    const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint'
    return `begin isolation level read committed;
      set local lock_timeout = ${limitMs};
      set local statement_timeout = ${limitMs};
      set local idle_in_transaction_session_timeout = ${limitMs};
      select set_config('synchronous_commit', 'on', true)
        where current_setting('synchronous_commit') = 'off';
      delete from ${receipts} where receipt in (
        select receipt from ${receipts} where at_ms < ${nowMs} - ${KEPT_MS}
        order by at_ms limit ${PRUNED_AT_ONCE} for update skip locked);
      insert into ${receipts} (receipt, at_ms, void) values ('${this.#receipt}', ${nowMs}, false)`
  }
}
