/** The mail about a key that was found where it should not be. It is revoked by then. */
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Letter } from './letter.ts'
import {
  actionOf,
  factsOf,
  footerOf,
  keyFacts,
  keyName,
  plain,
  subjectOf,
  timeText,
} from './wording.ts'

const SOURCES = new Map([
  ['holder', 'somebody who had the key'],
  ['operator', 'the operator of the service'],
  ['github', 'GitHub secret scanning'],
  ['scan', 'a scan of files'],
])

export function keyLeaked(mail: OutgoingMail): Letter {
  const { keyId, details } = mail
  const source = plain(details['source'])
  const facts = [
    ...keyFacts(mail),
    ...factsOf([
      ['Reported', timeText(details['at'])],
      ['Reported by', SOURCES.get(source) ?? source],
      ['Found in', plain(details['where'])],
    ]),
  ]
  const shared = { facts, footer: footerOf(mail) }
  return mail.audience === 'operator'
    ? {
        ...shared,
        subject: subjectOf(`Leaked and revoked: API key ${keyId}`, keyName(mail)),
        title: 'An API key leaked and was revoked',
        paragraphs: [
          `API key ${keyId} was reported as leaked. It was revoked at once: every request with it gets 401.`,
        ],
        action: null,
        steps: [
          'Its owner has a mail with a link to a new key.',
          `What it was used for: lockgate audit show ${keyId}`,
        ],
      }
    : { ...shared, ...forOwner(mail) }
}

function forOwner(mail: OutgoingMail): Omit<Letter, 'facts' | 'footer'> {
  const { keyId } = mail
  const action = actionOf(
    mail,
    'Get a new key',
    'Opening it changes nothing: the button on the page does. If the link has expired, the page offers you another.',
  )
  return {
    subject: subjectOf(`Leaked and revoked: your API key ${keyId}`, keyName(mail)),
    title: 'Your API key leaked and was revoked',
    paragraphs: [
      `Your API key ${keyId} was reported as leaked. It was revoked at once: every request with it gets 401.`,
      action === null
        ? 'Ask whoever gave you the key for a new one.'
        : 'Its replacement is one click away, with the same name, tier and scopes.',
    ],
    action,
    steps: [
      'Put the new key where the old one was.',
      'Remove the old key from the place where it was found. It opens nothing any more, but it tells others where to look for the next one.',
      'If requests were made with it that are not yours, tell whoever gave you the key.',
    ],
  }
}
