/** The mail that comes before a key expires, in time to replace it. */
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Letter } from './letter.ts'
import { factsOf, footerOf, keyFacts, keyName, plain, subjectOf, timeText } from './wording.ts'

export function keyExpiring(mail: OutgoingMail): Letter {
  const { keyId, details } = mail
  const expires = timeText(details['expires_at'])
  const when = expires === '' ? 'soon' : `on ${expires}`
  const isOperator = mail.audience === 'operator'
  const key = isOperator ? `API key ${keyId}` : `your API key ${keyId}`
  const inTime = daysText(details['days_left'])
  return {
    subject: subjectOf(`Expires${inTime}: ${key}`, keyName(mail)),
    title: isOperator ? `An API key expires${inTime}` : `Your API key expires${inTime}`,
    paragraphs: [
      `${isOperator ? 'API' : 'Your API'} key ${keyId} expires ${when}. From then on every request with it gets 401.`,
    ],
    facts: [...keyFacts(mail), ...factsOf([['Expires', expires]])],
    action: null,
    steps: isOperator
      ? [
          'Its owner has been reminded.',
          'Rotating it gives it no more time. A new one: lockgate keys create --owner E-MAIL --expires 90d, with the tier and the scopes above.',
        ]
      : [
          'If you still need it, ask whoever gave you the key for a new one in time. Both work until this one expires, so you can change over without a break.',
          'If you do not need it any more, there is nothing to do.',
        ],
    footer: footerOf(mail),
  }
}

/** ` in 3 days`; ` soon` where that is not known. */
function daysText(value: OutgoingMail['details'][string] | undefined): string {
  const days = plain(value, 8)
  if (days === '') return ' soon'
  return days === '1' ? ' in 1 day' : ` in ${days} days`
}
