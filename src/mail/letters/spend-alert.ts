/** The mail that says how much of the account's spend cap is used. */
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Letter } from './letter.ts'
import { footerOf, plain, subjectOf } from './wording.ts'

export function spendAlert(mail: OutgoingMail): Letter {
  const percent = plain(mail.details['percent'], 8)
  return {
    subject: subjectOf(`${percent}% of the spend cap is used`, ''),
    title: `${percent}% of the spend cap is used`,
    paragraphs: [],
    facts: [],
    action: null,
    steps: [],
    footer: footerOf(mail),
  }
}
