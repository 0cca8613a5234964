/** What all letters write alike: values from outside, times, the subject, the facts about a key. */
import type { MailDetails } from '../../core/mail.ts'
import type { OutgoingMail } from '../../core/ports/mailer.ts'
import type { Action, Fact } from './letter.ts'

const MAX_SUBJECT_LENGTH = 77
const MAX_VALUE_LENGTH = 300
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
]

/**
 * A value as a reader may see it: on one line, without what is invisible or turns the direction of
 * writing, and not longer than it helps. Empty where there is none.
 */
export function plain(value: MailDetails[string] | undefined, max = MAX_VALUE_LENGTH): string {
  if (value === undefined || value === null) return ''
  const text = String(value).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  return shortened(text.trim(), max)
}

/** Whole characters, the last of them an ellipsis where some are gone. */
function shortened(text: string, max: number): string {
  if (text.length <= max) return text
  let kept = ''
  for (const character of text) {
    if (kept.length + character.length >= max) break
    kept += character
  }
  return `${kept}…`
}

/** `beginning (name)`, where the name is the only part that gives way. */
export function subjectOf(beginning: string, name: string): string {
  const room = MAX_SUBJECT_LENGTH - beginning.length - ' ()'.length
  if (name === '' || room < 8) return shortened(beginning, MAX_SUBJECT_LENGTH)
  return `${beginning} (${shortened(name, room)})`
}

/** `26 November 2026, 13:14 UTC`; as it is where it is no time. */
export function timeText(value: MailDetails[string] | undefined): string {
  const time = new Date(typeof value === 'string' || typeof value === 'number' ? value : Number.NaN)
  if (Number.isNaN(time.getTime())) return plain(value)
  const clock = time.toISOString().slice(11, 16)
  return `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}, ${clock} UTC`
}

/** `4,100` for numbers, everything else as it is. */
export const numberText = (value: MailDetails[string] | undefined): string =>
  typeof value === 'number' ? value.toLocaleString('en-US') : plain(value)

/** `$16.04`; with what is below a cent, `$0.004`. Empty for what is no amount. */
export function dollarsText(microUsd: MailDetails[string] | undefined): string {
  if (typeof microUsd !== 'number' || !Number.isFinite(microUsd)) return ''
  return (microUsd / 1_000_000).toLocaleString('en-US', {
    ...{ style: 'currency', currency: 'USD' },
    ...{ minimumFractionDigits: 2, maximumFractionDigits: 6 },
  })
}

/** Those that have a value. */
export const factsOf = (facts: readonly (readonly [label: string, value: string])[]): Fact[] =>
  facts.flatMap(([label, value]) => (value === '' ? [] : [{ label, value }]))

/** What tells the key from others. */
export function keyFacts({ keyId, details }: OutgoingMail): Fact[] {
  return factsOf([
    ['Key', keyId],
    ['Name', plain(details['key_name'])],
    ['Owner', plain(details['owner'])],
    ['Mode', plain(details['mode'])],
    ['Tier', plain(details['tier'])],
    ['Scopes', plain(details['scopes'])],
  ])
}

export const keyName = ({ details }: OutgoingMail): string => plain(details['key_name'], 80)

/** The one button of an owner's mail; null where it has no link. */
export function actionOf(mail: OutgoingMail, label: string, note: string): Action | null {
  if (mail.linkUrl === null) return null
  const until = mail.linkExpiresAtMs === null ? '' : ` until ${timeText(mail.linkExpiresAtMs)}`
  return { label, url: mail.linkUrl, note: `The link works once${until}. ${note}` }
}

export const footerOf = ({ audience, to }: OutgoingMail): string =>
  audience === 'operator'
    ? `${plain(to)} gets a copy of each mail to an owner, without its link.`
    : `You get this mail because ${plain(to)} is the owner of this key.`
