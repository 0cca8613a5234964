/** The mail that says how much of a spend cap of the account is used, and what happens at its end. */
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Letter } from './letter.ts'
import { dollarsText, factsOf, plain, subjectOf, timeText } from './wording.ts'

export function spendAlert(mail: OutgoingMail): Letter {
  const { details } = mail
  const percent = plain(details['percent'], 8)
  const isFull = Number(percent) >= 100
  const spent = dollarsText(details['spent_micro_usd'])
  const window = windowOf(mail)
  const cap = [dollarsText(details['quota_micro_usd']), window.each].filter(Boolean).join(' ')
  const title = isFull
    ? `The spend cap of ${cap} is reached`
    : `${percent === '' ? 'Much' : `${percent}%`} of the spend cap of ${cap} is used`
  return {
    subject: subjectOf(title, spent === '' ? '' : `${spent} spent`),
    title,
    paragraphs: [
      `${spent === '' ? 'Part' : spent} of ${cap} is spent, over all keys together.`,
      isFull
        ? `From now on calls that cost money are refused with 429 spend_exceeded, whoever makes them. ${window.until}`
        : `Nothing is refused yet. At 100% every call that costs money is refused with 429 spend_exceeded, whoever makes it. ${window.until}`,
    ],
    facts: factsOf([
      ['Spent', spent],
      ['Cap', cap],
      ['Left', leftOf(mail)],
      ['Counted', window.counted],
      ['Noticed', timeText(details['at'])],
    ]),
    action: null,
    steps: [
      `Who spends it, and on which models: lockgate spend --since ${window.since}`,
      `If it is wanted, raise the cap: lockgate spend cap --account ${window.option} AMOUNT, or ${window.member} in the configuration.`,
      'If it is not, stop the key that does it: lockgate keys disable KEY_ID, or give it a cap of its own.',
    ],
    footer: `${plain(mail.to)} is told of spend by spend.alerts, at most once per cap, percentage and ${window.period}.`,
  }
}

function leftOf({ details }: OutgoingMail): string {
  const left = Number(details['quota_micro_usd']) - Number(details['spent_micro_usd'])
  return Number.isNaN(left) ? '' : dollarsText(Math.max(0, left))
}

function windowOf({ details }: OutgoingMail) {
  return details['window'] === 'month'
    ? {
        each: 'a month',
        period: 'month',
        counted: `since the month began (${plain(details['period'])}, UTC)`,
        until: 'The next month, at 00:00 UTC of its first day, begins at $0.',
        since: '31d',
        option: '--per-month',
        member: 'spend.account.perMonth',
      }
    : {
        each: 'a day',
        period: 'day',
        counted: 'over the last 24 hours, always',
        until: 'What was spent leaves the cap 24 hours after its call.',
        since: '24h',
        option: '--per-day',
        member: 'spend.account.perDay',
      }
}
