/**
 * Mail that waits, durably. A mail is taken for a time, so that of several processes one sends it; a
 * process that dies with a mail in hand gives it back by the end of that time.
 */
import type { ClaimedMail, KeptMail, MailQueueState, MailResult, NewMail } from '../mail.ts'

export interface Outbox {
  /** Resolves with how many were new; a mail whose name was used before is left out. */
  enqueueMail(mails: readonly NewMail[]): Promise<number>
  /**
   * Takes up to `count` mails that are due, oldest first, for `leaseMs` from `nowMs` (wall time): no
   * other call gets them meanwhile. Adds 1 to their attempts.
   */
  claimMail(claim: {
    readonly nowMs: number
    readonly leaseMs: number
    readonly count: number
  }): Promise<readonly ClaimedMail[]>
  /** Ends an attempt. One that is not the mail's newest any more changes nothing. */
  settleMail(name: string, attempt: number, result: MailResult): Promise<void>
  mailQueue(): Promise<MailQueueState>
  /** By name, from the one after `after`; 1 to 1,000 of them. */
  listMail(page: {
    readonly after?: string
    readonly pageSize: number
  }): Promise<readonly KeptMail[]>
}
