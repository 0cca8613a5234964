/** Which letter a mail is. */
import type { MailKind } from '../../core/mail.ts'
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import { keyExpiring } from './key-expiring.ts'
import { keyLeaked } from './key-leaked.ts'
import { keySuspicious } from './key-suspicious.ts'
import type { Letter } from './letter.ts'
import { spendAlert } from './spend-alert.ts'

const LETTERS: Readonly<Record<MailKind, (mail: OutgoingMail) => Letter>> = {
  'key.leaked': keyLeaked,
  'key.suspicious': keySuspicious,
  'key.expiring': keyExpiring,
  'spend.alert': spendAlert,
}

export const letterOf = (mail: OutgoingMail): Letter => LETTERS[mail.kind](mail)
