/**
 * Mails to an SMTP server, a session each: mails are rare, and a connection that is kept open is one
 * that can be dead when it is needed. A mail is delivered when the server has said 250 to all of it;
 * where that answer is lost, nobody knows, and the mail is tried again under the same Message-ID.
 */
import type { Mailbox } from '../core/email-address.ts'
import type { Mailer } from '../core/ports/mailer.ts'
import type { SmtpUrl } from '../core/smtp-url.ts'
import { messageOf } from './message.ts'
import { mailErrorOf } from './smtp-problem.ts'
import { inSession, type SessionLimits, send } from './smtp-session.ts'

const LIMITS: SessionLimits = { connectMs: 10_000, wholeMs: 25_000 }

export interface SmtpMailerOptions {
  readonly trustedCa?: string | undefined
  readonly limits?: SessionLimits | undefined
}

export function createSmtpMailer(
  server: SmtpUrl,
  from: Mailbox,
  { trustedCa, limits = LIMITS }: SmtpMailerOptions,
): Mailer {
  const session = { server, limits, trustedCa }
  const running = new Set<Promise<void>>()

  async function explained(linkUrl: string | null, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw mailErrorOf(error, { server, limits, linkUrl })
    }
  }

  /** What is on its way is not cut: it would be sent twice. It ends by its deadline. */
  function counted(work: Promise<void>): Promise<void> {
    running.add(work)
    return work.finally(() => running.delete(work))
  }

  return {
    deliver: (mail) =>
      counted(
        explained(mail.linkUrl, async () => {
          const message = await messageOf(mail, from)
          const envelope = { from: from.address, to: mail.to }
          await inSession(session, (connection) => send(connection, envelope, message))
        }),
      ),
    check: () => counted(explained(null, () => inSession(session, async () => {}))),
    async close() {
      await Promise.allSettled(running)
    },
  }
}
