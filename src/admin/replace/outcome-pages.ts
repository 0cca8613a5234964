/** Pages that say what came of it: the new key, a key that stays, a mail on its way, a refusal. */
import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { IssuedKey } from '../../engine/gate.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'
import { expiryOf, factList, keyFact, rightsOf } from './parts.ts'
import { TEXTS } from './texts.ts'

const { facts, done, kept, mailSent, refusals } = TEXTS

/**
 * The one page with a secret in it. The field is neither remembered by forms nor looked at by
 * spelling checkers and translators, some of which ask a server.
 */
export function donePage({ key, record }: IssuedKey): Page {
  return {
    ...{ status: 200, title: done.title, tone: 'good', badge: done.badge },
    body: html`<h1>${done.heading}</h1>
<p class="notice warn">${done.warning}</p>
<label for="key">${done.keyLabel}</label>
<textarea id="key" rows="3" readonly autocomplete="off" autocapitalize="off" spellcheck="false" translate="no">${key}</textarea>
<button id="copy" type="button" hidden data-copied="${done.copied}" data-failed="${done.notCopied}">${done.copy}</button>
<p id="status" class="unseen" role="status"></p>
${factList([keyFact(record), ...rightsOf(record), expiryOf(record)])}
<h2>${done.useHeading}</h2>
<p class="lead">${done.useText}</p>
<pre translate="no"><code>${done.useCommand}</code></pre>
<p class="small">${done.useNames}</p>
<p class="last">${done.oldKey}</p>`,
  }
}

export function keptPage(key: KeyRecord): Page {
  return {
    ...{ status: 200, title: kept.title, tone: 'good', badge: kept.badge },
    body: html`<h1>${kept.heading}</h1>
<p class="lead">${key.status === 'active' ? kept.lead : kept.leadInactive}</p>
${factList([keyFact(key), { name: facts.status, value: facts[key.status] }])}`,
  }
}

/** `address` is masked already. */
export function mailSentPage(address: string): Page {
  return {
    ...{ status: 200, title: mailSent.title, tone: 'good', badge: mailSent.badge },
    body: html`<h1>${mailSent.heading}</h1>
<p class="lead">${mailSent.lead}</p>
${factList([{ name: facts.address, value: address }])}`,
  }
}

export function refusalPage(code: ErrorCode, requestId: string): Page {
  const { status } = ERRORS[code]
  const { title, heading, lead, next } = refusals[refusalTextOf(code, status)]
  return {
    ...{ status, title, tone: 'plain', badge: String(status) },
    body: html`<h1>${heading}</h1>
<p class="lead">${lead}</p>
<p>${next}</p>
<p class="small last"><code>${code}</code> · <code>${requestId}</code></p>`,
  }
}

function refusalTextOf(code: ErrorCode, status: number): keyof typeof refusals {
  if (code === 'link_expired' || code === 'csrf' || code === 'conflict') return code
  if (status === 429) return 'rate_limited'
  return status === 503 ? 'unavailable' : 'other'
}
