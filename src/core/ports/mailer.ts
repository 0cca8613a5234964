/** The Mailer port: renders one mail and hands it to a server, or writes it to a file. */
import type { NewMail } from '../mail.ts'

export interface OutgoingMail
  extends Pick<NewMail, 'name' | 'kind' | 'to' | 'audience' | 'keyId' | 'details' | 'createdAtMs'> {
  /** The whole URL of the one-click page, with its token; null when there is none. */
  readonly linkUrl: string | null
  /** When that URL stops working. */
  readonly linkExpiresAtMs: number | null
}

/** Why a mail was not taken. The message names host and reason, and never a password or a token. */
export class MailError extends Error {
  override readonly name = 'MailError'
  /** The server will refuse it tomorrow as well: trying again is no use. */
  readonly isFinal: boolean

  constructor(message: string, { isFinal, cause }: { isFinal: boolean; cause?: unknown }) {
    super(message, { cause })
    this.isFinal = isFinal
  }
}

export interface Mailer {
  /** Fulfils when the mail was taken for good. Rejects with a MailError, within the deadline. */
  deliver(mail: OutgoingMail): Promise<void>
  /** Whether the server can be reached and lets us in; for `lockgate doctor`. Rejects with a MailError. */
  check(): Promise<void>
  close(): Promise<void>
}
