/**
 * Where a mail went that no server was there for. Its link is as good as the key that it makes, so it
 * is shown to whoever sits at the terminal, and to nobody where stderr is kept as a log.
 */
import type { MailerOptions } from '../mail/index.ts'
import { printable, warn } from './output.ts'

export const mailNotice = {
  onFile(file, linkUrl, to) {
    if (!process.stderr.isTTY) return
    const link = linkUrl === null ? '' : `; its link: ${printable(linkUrl)}`
    warn(`lockgate: the mail to ${printable(to)} is in ${printable(file)}${link}`)
  },
} satisfies MailerOptions
