/** Parts that several owner pages have: facts about a key, forms with one button, times. */
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { ACTIONS } from './contract.ts'
import { type Html, html } from './html.ts'
import { TEXTS } from './texts.ts'

const { facts } = TEXTS

type Action = (typeof ACTIONS)[number]

/** A name and a value, which is isolated: text of either direction cannot disturb what is around. */
export interface Fact {
  readonly name: string
  readonly value: string | Html
}

export const factList = (list: readonly Fact[]): Html => html`<dl>
${list.map(({ name, value }) => html`<div><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>\n`)}</dl>`

/**
 * A form that goes to the page's own address, wherever a proxy has put that. It sends nothing by
 * itself.
 */
export const actionForm = (action: Action, label: string, style: 'loud' | 'quiet' = 'loud'): Html =>
  html`<form method="post">
<input type="hidden" name="action" value="${action}">
<button class="${style}">${label}</button>
</form>`

/** Which key it is: its name and its public id. */
export const keyFact = ({ name, keyId }: KeyRecord): Fact => ({
  name: facts.key,
  value: html`<bdi>${shorten(name ?? facts.unnamed)}</bdi> <code>${keyId}</code>`,
})

export const rightsOf = (key: KeyRecord): readonly Fact[] => [
  { name: facts.scopes, value: key.scopes.length === 0 ? facts.noScopes : key.scopes.join(', ') },
  { name: facts.tier, value: key.tier },
]

export const expiryOf = (key: KeyRecord): Fact => ({
  name: facts.expires,
  value: key.expiresAtMs === null ? facts.never : timeOf(key.expiresAtMs),
})

/** `26 Nov 2026, 03:14 UTC`: the server does not know where its reader is. */
export function timeOf(atMs: number): Html {
  const at = new Date(atMs)
  const [, day, month, year, time] =
    /^\w+, 0?(\d+) (\w+) (\d+) (\d\d:\d\d)/.exec(at.toUTCString()) ?? []
  return html`<time datetime="${at.toISOString()}">${`${day} ${month} ${year}, ${time} UTC`}</time>`
}

/** Where a key was found: text and never a link, since strangers say it. It may break as a URL does. */
export const placeOf = (where: string): Html =>
  html`${shorten(where)
    .split(/(?<=[^:/][/?&#])/)
    .map((part) => html`${part}<wbr>`)}`

const LONGEST = 300

/** What strangers say may not push the button off the screen. */
function shorten(text: string): string {
  const characters = [...text]
  return characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST).join('')} …`
}

/** `a•••@example.com`: enough for its owner to know it, too little for anybody else. */
export function maskAddress(email: string): string {
  const at = email.lastIndexOf('@')
  if (at < 1) return '•••'
  const [first = ''] = email
  return `${first}•••${email.slice(at)}`
}
