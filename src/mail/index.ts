/** Mails to the owners of keys: rendered, and handed to an SMTP server or written to files. */
import { parseMailbox } from '../core/email-address.ts'
import { ConfigError } from '../core/errors.ts'
import type { Mailer } from '../core/ports/mailer.ts'
import type { MailSettings } from '../core/settings.ts'
import { parseSmtpUrl } from '../core/smtp-url.ts'
import { createFileMailer, type OnFile } from './file-mailer.ts'
import { createSmtpMailer, type SmtpMailerOptions } from './smtp-mailer.ts'

export interface MailerOptions {
  /**
   * Told of each file that is written instead of sent, with the link in it: for a terminal, never for a
   * log.
   */
  readonly onFile?: OnFile
  /** For servers of tests: certificate and patience. */
  readonly smtp?: SmtpMailerOptions
}

/** Connects to nothing yet. Throws a ConfigError for settings that did not come from `src/config`. */
export function createMailer(settings: MailSettings, options: MailerOptions = {}): Mailer {
  const from = parseMailbox(settings.from)
  if (from === undefined) throw new ConfigError('mail.from: must be one e-mail address')
  if (settings.smtpUrl === null) return createFileMailer(settings.folder, from, options.onFile)
  const server = parseSmtpUrl(settings.smtpUrl, 'LOCKGATE_SMTP_URL')
  return createSmtpMailer(server, from, options.smtp ?? {})
}
