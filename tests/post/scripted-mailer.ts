/** A mailer that answers as it is told to, and keeps what it was handed and what it took. */
import { MailError, type Mailer, type OutgoingMail } from '../../src/core/ports/mailer.ts'

export class ScriptedMailer implements Mailer {
  readonly handed: OutgoingMail[] = []
  readonly taken: OutgoingMail[] = []
  /** Largest number of attempts at once. */
  mostAtOnce = 0
  isClosed = false
  #atOnce = 0
  /** What becomes of a mail; returns where it is taken. */
  answer: (mail: OutgoingMail) => void | Promise<void> = () => {}

  async deliver(mail: OutgoingMail): Promise<void> {
    this.handed.push(mail)
    this.#atOnce += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce)
    try {
      await this.answer(mail)
      this.taken.push(mail)
    } finally {
      this.#atOnce -= 1
    }
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.isClosed = true
  }
}

export function isDown(): never {
  throw new MailError('mail.example: connection refused', { isFinal: false })
}

export function refuses(): never {
  throw new MailError('mail.example: 550 no such mailbox', { isFinal: true })
}

/** The token in a mail's link; '' where it has none. */
export const tokenOf = (mail: OutgoingMail | undefined): string =>
  mail?.linkUrl?.split('/').at(-1) ?? ''
