/** The Webhooks port: signs one event and posts it to its receiver. */
import type { OutgoingMail } from './mailer.ts'

export interface Webhooks {
  /**
   * Fulfils when the receiver has answered with 2xx. Rejects with a MailError, within the deadline; its
   * message names host and reason, and neither the rest of the URL nor the secret.
   */
  deliver(event: OutgoingMail): Promise<void>
  close(): Promise<void>
}
