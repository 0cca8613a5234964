/**
 * A mail as the bytes that go out. It depends on the mail alone: Message-ID and Date are those of its
 * name and its creation, so a second copy after a crash is recognised by mail programs as the same.
 */
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Mailbox } from '../core/email-address.ts'
import { isEmailAddress } from '../core/email-address.ts'
import { MailError, type OutgoingMail } from '../core/ports/mailer.ts'
import { letterOf } from './letters/index.ts'
import { renderHtml } from './render-html.ts'
import { renderText } from './render-text.ts'

/** Throws a final MailError where the mail is to no single address. */
export async function messageOf(mail: OutgoingMail, from: Mailbox): Promise<Buffer> {
  if (!isEmailAddress(mail.to)) {
    throw new MailError(`${mail.name}: it is to no valid e-mail address`, { isFinal: true })
  }
  const letter = letterOf(mail)
  const composer = new MailComposer({
    from,
    to: { name: '', address: mail.to },
    subject: letter.subject,
    date: new Date(mail.createdAtMs),
    messageId: messageIdOf(mail, from),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    text: renderText(letter),
    html: renderHtml(letter),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

function messageIdOf({ name }: OutgoingMail, { address }: Mailbox): string {
  const domain = address.slice(address.indexOf('@') + 1)
  return `<${plainName(name)}@${domain}>`
}

/** For a header or a file; names that Lockgate gives are plain already. */
export const plainName = (name: string): string => name.replace(/[^A-Za-z0-9-]/g, '_')
