/**
 * Takes mail that is due from the store, one at a time, and hands it to the mailer; webhooks that wait
 * like mail, to whoever posts them.
 *
 * A mail is claimed for a minute, so that of several processes one sends it, and one that dies gives
 * it back. Once the mailer has taken a mail, this process never sends it again: where the store does
 * not take that in, it is told again, also after the claim has run out. Only a process that dies
 * between the two leaves a mail that is sent twice, under the same Message-ID.
 *
 * Runs never overlap. A run that is asked for while one is under way begins after it, and stands for
 * all that are asked for meanwhile.
 */
import type { ClaimedMail, MailResult } from '../../core/mail.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Mailer } from '../../core/ports/mailer.ts'
import type { Store } from '../../core/ports/store.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Post } from '../gate.ts'
import { type AttemptParts, attemptDelivery, NOT_NEEDED } from './attempt.ts'

/** Longer than the deadline of any mailer. */
const LEASE_MS = 60_000
/** Names of mails that were sent, about 100 bytes each. */
const MAX_REMEMBERED = 10_000
const CLOSE_WITHIN_MS = 2_000

export interface PostmanParts extends Omit<AttemptParts, 'store' | 'mailer'> {
  readonly store: Pick<Store, 'addLinkToken' | 'claimMail' | 'settleMail' | 'mailQueue'>
  /** null: mail waits for a process that has one. */
  readonly mailer: Mailer | null
  readonly log: Logger
}

export class Postman implements Post {
  readonly #parts: PostmanParts
  readonly #sent = new BoundedMap<string, MailResult>(MAX_REMEMBERED)
  /** An attempt whose end the store has not taken in. Nothing is claimed until it has. */
  #unsettled: { readonly mail: ClaimedMail; readonly result: MailResult } | undefined
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<number> | undefined
  #closed = false

  constructor(parts: PostmanParts) {
    this.#parts = parts
  }

  async deliver(): Promise<{ sent: number; waiting: number; failed: number }> {
    const sent = await this.run()
    const { waiting, failed } = await this.#parts.store.mailQueue()
    return { sent, waiting, failed }
  }

  /** Tries all that is due; resolves with how many were sent. Rejects only where the store fails. */
  run(): Promise<number> {
    this.#next ??= this.#runAfter(this.#running)
    return this.#next
  }

  /** The same, without waiting for it. What goes wrong is found again by the next run. */
  kick(): void {
    this.run().catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, 'mail could not be fetched; it will be tried again')
    })
  }

  /**
   * Waits for the mail in hand, but not for long: its claim runs out, and another sends it. Never
   * rejects.
   */
  async close(): Promise<void> {
    this.#closed = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_WITHIN_MS)
    })
    await Promise.race([this.#finish(), late])
    await Promise.race([this.#closeDeliverers(), late])
    clearTimeout(timer)
  }

  /** What could not be settled is found by the next process. */
  async #finish(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next])
    await this.#settleLate().catch(() => undefined)
  }

  async #closeDeliverers(): Promise<void> {
    const { mailer, webhooks } = this.#parts
    try {
      await Promise.all([mailer?.close(), webhooks?.close()])
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'the mailer could not be closed')
    }
  }

  async #runAfter(earlier: Promise<unknown>): Promise<number> {
    await earlier
    this.#next = undefined
    const run = this.#deliverDue()
    this.#running = run.catch(() => undefined)
    return run
  }

  async #deliverDue(): Promise<number> {
    const { mailer } = this.#parts
    if (mailer === null) return 0
    let sent = 0
    await this.#settleLate()
    for (;;) {
      const mail = this.#closed ? undefined : await this.#claim()
      if (mail === undefined) return sent
      const earlier = this.#sent.get(mail.name)
      const result = earlier ?? (await attemptDelivery({ ...this.#parts, mailer }, mail))
      if (earlier === undefined && result.kind === 'sent') {
        this.#sent.set(mail.name, result)
        sent += 1
      }
      await this.#settle(mail, result)
    }
  }

  async #claim(): Promise<ClaimedMail | undefined> {
    const { store, clock } = this.#parts
    const claim = { nowMs: clock.wallMs(), leaseMs: LEASE_MS, count: 1 }
    const [mail] = await store.claimMail(claim)
    return mail
  }

  async #settle(mail: ClaimedMail, result: MailResult): Promise<void> {
    this.#tell(mail, result)
    this.#unsettled = { mail, result }
    await this.#settleLate()
  }

  async #settleLate(): Promise<void> {
    if (this.#unsettled === undefined) return
    const { mail, result } = this.#unsettled
    await this.#parts.store.settleMail(mail.name, mail.attempt, result)
    this.#unsettled = undefined
  }

  #tell({ name, kind, keyId, attempt, audience }: ClaimedMail, result: MailResult): void {
    const about = keyId === '' ? {} : { key_id: keyId }
    const fields = { mail: name, kind, ...about, attempt }
    const { level, message } = newsOf(result, attempt, audience === 'webhook' ? 'webhook' : 'mail')
    const problem = result.kind === 'sent' ? {} : { problem: result.problem }
    this.#parts.log[level]({ ...fields, ...problem }, message)
  }
}

function newsOf(
  result: MailResult,
  attempt: number,
  what: 'mail' | 'webhook',
): { readonly level: keyof Logger; readonly message: string } {
  if (result.kind === 'sent') return { level: 'info', message: `a ${what} was sent` }
  if (result.problem === NOT_NEEDED) return { level: 'info', message: `a ${what} was left out` }
  if (result.kind === 'failed') {
    return { level: 'error', message: `a ${what} cannot be delivered; it is given up` }
  }
  // The first failure of a mail is news, the others are not.
  const level = attempt === 1 ? 'warn' : 'debug'
  return { level, message: `a ${what} could not be delivered; it will be tried again` }
}
