/** Pages that ask for something: a leaked key, a strange use, a link that is too old. All are inert. */
import type { LinkView } from '../../engine/gate.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'
import { actionForm, type Fact, factList, keyFact, maskAddress, placeOf, timeOf } from './parts.ts'
import { TEXTS } from './texts.ts'

const { facts, leaked, suspicious, expired } = TEXTS

export function pageOfLink(view: LinkView): Page {
  if (view.state === 'expired') return expiredPage(view)
  return view.purpose === 'leaked' ? leakedPage(view) : suspiciousPage(view)
}

function leakedPage({ key, atMs, where }: LinkView): Page {
  return {
    ...{ status: 200, title: leaked.title, tone: 'bad', badge: leaked.badge, isInert: true },
    body: html`<h1>${leaked.heading}</h1>
<p class="lead">${leaked.lead}</p>
${factList([
  keyFact(key),
  { name: facts.leakedAt, value: timeOf(atMs) },
  { name: facts.where, value: where === null ? facts.whereUnknown : placeOf(where) },
])}
<h2>${leaked.effectsHeading}</h2>
<ul>${leaked.effects.map((effect) => html`<li>${effect}</li>`)}</ul>
${actionForm('replace', leaked.button)}`,
  }
}

function suspiciousPage(view: LinkView): Page {
  const { key, atMs, where } = view
  const noticed: readonly Fact[] = where === null ? [] : [{ name: facts.usedFrom, value: where }]
  const strange = strangeOf(view)
  const { works, paused, revoked } = suspicious
  const state = { active: works, disabled: paused, revoked }[key.status]
  return {
    ...{
      status: 200,
      title: suspicious.title,
      tone: 'warn',
      badge: suspicious.badge,
      isInert: true,
    },
    body: html`<h1>${suspicious.heading}</h1>
${strange && html`<p>${strange}</p>\n`}<p class="lead">${suspicious.lead}</p>
<p>${state}</p>
${factList([keyFact(key), { name: facts.suspiciousAt, value: timeOf(atMs) }, ...noticed])}
<section class="choice"><h2>${suspicious.replaceHeading}</h2>
<p class="lead">${suspicious.replaceText}</p>
${actionForm('replace', suspicious.replaceButton)}</section>
${
  key.status === 'revoked'
    ? undefined
    : html`<section class="choice"><h2>${suspicious.keepHeading}</h2>
<p class="lead">${suspicious.keepText}</p>
${actionForm('keep', suspicious.keepButton, 'quiet')}</section>`
}`,
  }
}

/** undefined where the log does not say any more. */
function strangeOf({ reason, seen, usual }: LinkView): string | undefined {
  if (reason === null || seen === null || usual === null) return undefined
  const text = reason === 'rate' ? suspicious.rate : suspicious.newNetworks
  return text(seen.toLocaleString('en-US'), usual.toLocaleString('en-US'))
}

function expiredPage({ key }: LinkView): Page {
  return {
    ...{ status: 410, title: expired.title, tone: 'warn', badge: expired.badge, isInert: true },
    body: html`<h1>${expired.heading}</h1>
<p class="lead">${expired.lead}</p>
${factList([keyFact(key), { name: facts.address, value: maskAddress(key.owner.email) }])}
<p class="small">${expired.note}</p>
${actionForm('renew', expired.button)}`,
  }
}
