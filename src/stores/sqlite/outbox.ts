/** Mail that waits or waited. Every method runs inside a transaction or read of its caller. */
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
  type QueueRow,
  queueFromRows,
  rowFromMail,
  settledColumns,
} from '../tables/outbox-row.ts'
import type { OutboxTable } from '../tables/tables.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

export class Outbox {
  readonly #insert: Statement<{ name: string }>
  readonly #due: Statement<OutboxTable>
  readonly #take: Statement<unknown>
  readonly #settle: Statement<unknown>
  readonly #queue: Statement<QueueRow>
  readonly #page: Statement<OutboxTable>
  readonly #prune: Statement<unknown>

  constructor(connection: Connection) {
    this.#insert = connection.prepare(insertMail(sqlite).compile())
    this.#due = connection.prepare(dueMail(sqlite).compile())
    this.#take = connection.prepare(takeMail(sqlite).compile())
    this.#settle = connection.prepare(settleMail(sqlite).compile())
    this.#queue = connection.prepare(mailQueue(sqlite).compile())
    this.#page = connection.prepare(mailPage(sqlite).compile())
    this.#prune = connection.prepare(pruneMail(sqlite).compile())
  }

  /** Returns how many were new. */
  enqueue(mails: readonly NewMail[]): number {
    let added = 0
    for (const mail of mails) {
      this.#prune.run(mailBefore(mail))
      if (this.#insert.get(newMailRow(mail)) !== undefined) added++
    }
    return added
  }

  isAnyDue(nowMs: number): boolean {
    return this.#due.get({ now_ms: nowMs, count: 1 }) !== undefined
  }

  claim(nowMs: number, leaseMs: number, count: number): ClaimedMail[] {
    const due = this.#due.all({ now_ms: nowMs, count })
    for (const { name } of due) this.#take.run({ name, lease_until_ms: nowMs + leaseMs })
    return due.map(claimedFromRow)
  }

  settle(name: string, attempt: number, result: MailResult): void {
    this.#settle.run({ name, attempts: attempt, ...settledColumns(result) })
  }

  state(): MailQueueState {
    return queueFromRows(this.#queue.all({}))
  }

  list(after: string, pageSize: number): KeptMail[] {
    return this.#page.all({ after, page_size: pageSize }).map(mailFromRow)
  }

  /** Mails as they are, from another store. */
  add(mails: readonly KeptMail[]): void {
    for (const mail of mails) this.#insert.run(rowFromMail(mail))
  }
}
