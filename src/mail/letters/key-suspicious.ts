/** The mail about a key that is used as it never was before: its owner keeps or replaces it. */
import type { MailDetails } from '../../core/mail.ts'
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Fact, Letter } from './letter.ts'
import {
  actionOf,
  factsOf,
  footerOf,
  keyFacts,
  keyName,
  numberText,
  plain,
  subjectOf,
  timeText,
} from './wording.ts'

export function keySuspicious(mail: OutgoingMail): Letter {
  const isSuspended = mail.details['suspended'] === true
  return mail.audience === 'operator' ? forOperator(mail, isSuspended) : forOwner(mail, isSuspended)
}

function forOwner(mail: OutgoingMail, isSuspended: boolean): Letter {
  const { keyId } = mail
  const action = actionOf(
    mail,
    'Keep or replace the key',
    'Opening it changes nothing: a button on the page does. If the link has expired, the page offers you another.',
  )
  return {
    subject: subjectOf(`${beginningOf(isSuspended)}: your API key ${keyId}`, keyName(mail)),
    title: isSuspended
      ? 'Your API key is suspended: is this you?'
      : 'Unusual use of your API key: is this you?',
    paragraphs: [
      `Your API key ${keyId} ${reasonOf(mail)}.`,
      isSuspended
        ? 'It is suspended: every request with it gets 401 until you decide.'
        : 'It still works.',
      action === null
        ? 'If this is not you, ask whoever gave you the key for a new one.'
        : 'If this is you, keep the key. If it is not, replace it: the new key has the same name, tier and scopes, and the old one stops working.',
    ],
    facts: factsAbout(mail),
    action,
    steps: isSuspended ? [] : ['If you do nothing, the key stays as it is.'],
    footer: footerOf(mail),
  }
}

function forOperator(mail: OutgoingMail, isSuspended: boolean): Letter {
  const { keyId } = mail
  return {
    subject: subjectOf(`${beginningOf(isSuspended)}: API key ${keyId}`, keyName(mail)),
    title: isSuspended ? 'An API key is suspended' : 'Unusual use of an API key',
    paragraphs: [
      `API key ${keyId} ${reasonOf(mail)}.`,
      isSuspended
        ? 'It is suspended until its owner, who has a mail with a link, keeps or replaces it.'
        : 'It still works. Its owner has a mail with a link, to keep or replace it.',
    ],
    facts: factsAbout(mail),
    action: null,
    steps: [`What it was used for: lockgate audit show ${keyId}`],
    footer: footerOf(mail),
  }
}

const beginningOf = (isSuspended: boolean): string =>
  isSuspended ? 'Suspended for unusual use' : 'Unusual use'

const isRate = ({ details }: OutgoingMail): boolean => details['reason'] === 'rate'

const reasonOf = (mail: OutgoingMail): string =>
  isRate(mail)
    ? 'is used far more than usual'
    : 'is used from many networks that it was never used from before'

/** Networks are at most eight; IPv6 makes them long. */
const MAX_NETWORKS_LENGTH = 400

function factsAbout(mail: OutgoingMail): Fact[] {
  const { at, seen, usual, where } = mail.details
  const [seenUnit, usualUnit] = isRate(mail)
    ? ['requests within an hour', 'requests in a busy hour']
    : ['new networks within an hour', 'networks before']
  return [
    ...keyFacts(mail),
    ...factsOf([
      ['Noticed', timeText(at)],
      ['Seen', counted(seen, seenUnit)],
      ['Usual', counted(usual, usualUnit)],
      ['Used from', plain(where, MAX_NETWORKS_LENGTH)],
    ]),
  ]
}

const counted = (value: MailDetails[string] | undefined, unit: string): string =>
  plain(value) === '' ? '' : `${numberText(value)} ${unit}`
