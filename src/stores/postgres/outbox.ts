/**
 * Mail that waits or waited. Every method runs in a session of its caller; those that change
 * something, inside a transaction.
 *
 * Concurrency: a claim passes over the mails that another instance is claiming at the same moment.
 */
import { sql as raw } from 'kysely'
import type { ClaimedMail, KeptMail, MailQueueState, MailResult, NewMail } from '../../core/mail.ts'
import {
  dueMail,
  insertMail,
  mailPage,
  mailQueue,
  pruneMail,
  settleMail,
  takeMail,
} from '../tables/outbox-queries.ts'
import {
  claimedFromRow,
  mailBefore,
  mailFromRow,
  newMailRow,
  queueFromRows,
  rowFromMail,
  settledColumns,
} from '../tables/outbox-row.ts'
import type { SqlBuilder } from '../tables/tables.ts'
import type { Session } from './session.ts'

export class Outbox {
  readonly #sql: SqlBuilder

  constructor(sql: SqlBuilder) {
    this.#sql = sql
  }

  /** Returns how many were new. */
  async enqueue(session: Session, mails: readonly NewMail[]): Promise<number> {
    let added = 0
    for (const mail of mails) {
      await session.all(pruneMail(this.#sql), mailBefore(mail))
      if ((await session.get(insertMail(this.#sql), newMailRow(mail))) !== undefined) added++
    }
    return added
  }

  async isAnyDue(session: Session, nowMs: number): Promise<boolean> {
    return (await session.get(dueMail(this.#sql), { now_ms: nowMs, count: 1 })) !== undefined
  }

  async claim(
    session: Session,
    nowMs: number,
    leaseMs: number,
    count: number,
  ): Promise<ClaimedMail[]> {
    const free = dueMail(this.#sql).modifyEnd(raw`for update skip locked`)
    const due = await session.all(free, { now_ms: nowMs, count })
    for (const { name } of due) {
      await session.all(takeMail(this.#sql), { name, lease_until_ms: nowMs + leaseMs })
    }
    return due.map(claimedFromRow)
  }

  async settle(session: Session, name: string, attempt: number, result: MailResult): Promise<void> {
    const settled = { name, attempts: attempt, ...settledColumns(result) }
    await session.all(settleMail(this.#sql), settled)
  }

  async state(session: Session): Promise<MailQueueState> {
    return queueFromRows(await session.all(mailQueue(this.#sql)))
  }

  async list(session: Session, after: string, pageSize: number): Promise<KeptMail[]> {
    const rows = await session.all(mailPage(this.#sql), { after, page_size: pageSize })
    return rows.map(mailFromRow)
  }

  /** Mails as they are, from another store. */
  async add(session: Session, mails: readonly KeptMail[]): Promise<void> {
    for (const mail of mails) await session.all(insertMail(this.#sql), rowFromMail(mail))
  }
}
