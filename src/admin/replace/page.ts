/**
 * What every owner page is made of and sent with: the frame, the headers, the answer. One set of
 * headers for all of them, refusals included: nothing is loaded, stored, framed, indexed or told to
 * another site, and the only script and style are those whose hashes the policy names.
 */
import { createHash } from 'node:crypto'
import type { AdminAnswer } from '../routes.ts'
import { Html, html } from './html.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import { TEXTS } from './texts.ts'

export interface Page {
  readonly status: number
  readonly title: string
  /** How it looks: bad news, a question, good news, or neither. */
  readonly tone: 'bad' | 'warn' | 'good' | 'plain'
  readonly badge: string
  /** Nothing has happened by opening it, and it says so. */
  readonly isInert?: true
  readonly body: Html
}

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** Sent with every answer below `/replace/`, whatever it is. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'Content-Security-Policy': POLICY,
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex, nofollow',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
})

/** `site` is the host that the links lead to, for people to recognise. */
export function pageAnswer(page: Page, site: string): AdminAnswer {
  return {
    status: page.status,
    contentType: 'text/html; charset=utf-8',
    body: documentOf(page, site).markup,
    headers: PAGE_HEADERS,
  }
}

/** Without the element's own letters, or the hashes would not fit. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`)
const SCRIPT_ELEMENT = new Html(`<script>${SCRIPT}</script>`)
const LOCK = new Html(
  '<svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"' +
    ' stroke-linecap="round" aria-hidden="true"><rect x="4" y="10.5" width="16" height="10.5" rx="2.5"/>' +
    '<path d="M8 10.5V7a4 4 0 0 1 8 0v3.5M12 14.5v2.5"/></svg>',
)

function documentOf({ title, tone, badge, isInert, body }: Page, site: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow">
<meta name="format-detection" content="telephone=no, address=no, email=no, date=no">
<title>${title}</title>
${STYLE_ELEMENT}
</head>
<body>
<header>${LOCK}<span><strong>${TEXTS.brand}</strong> · ${site}</span></header>
<main class="card">
<p class="badge ${tone}">${badge}</p>
${body}
</main>
<footer>${isInert && html`<p>${TEXTS.inert}</p>`}<p>${TEXTS.footer}</p></footer>
<p class="paper">${TEXTS.print}</p>
${SCRIPT_ELEMENT}
</body>
</html>
`
}
