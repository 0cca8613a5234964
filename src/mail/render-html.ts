/**
 * A letter as HTML that mail programs understand: styles inline, one column, no image, nothing that is
 * loaded. Every value is escaped. The only link is the button's; its URL stands below as text, for those
 * whose mail program shows no links.
 */
import type { Action, Fact, Letter } from './letters/letter.ts'

const FONT =
  "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const TEXT = 'font-size:16px;line-height:24px;color:#1a1d21'
const SMALL = 'font-size:14px;line-height:20px;color:#59616b'
/** Keys, places and URLs have no spaces: in a small window they break anywhere. */
const BREAKING = 'overflow-wrap:anywhere;word-break:break-word'
/** Some programs let nothing be inherited by a table. */
const TABLE = `cellspacing="0" cellpadding="0" border="0" style="${FONT};border-collapse:separate`

/** Programs with a dark mode take this; the others keep the inline colours. */
const STYLE = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #101317 !important; }
  .card { background: #1a1e24 !important; border-color: #2c323b !important; }
  .text { color: #e8eaed !important; }
  .small { color: #a9b1bb !important; }
  .button { background: #8ab4f8 !important; }
  .button a { color: #10151c !important; }
}
@media (max-width: 480px) {
  .page { padding: 0 !important; }
  .card { border: 0 !important; border-radius: 0 !important; padding: 24px 16px !important; }
}`

export function renderHtml(letter: Letter): string {
  const { title, paragraphs, facts, action, steps, footer } = letter
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f4f6;">
<div class="page" style="padding:24px 12px;background:#f3f4f6;">
<div class="card" style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #dfe3e8;border-radius:8px;${FONT};">
<h1 class="text" style="margin:0 0 16px;font-size:22px;line-height:28px;color:#1a1d21;">${escaped(title)}</h1>
${paragraphs.map(paragraph).join('\n')}
${action === null ? '' : button(action)}
${factTable(facts)}
${steps.map(paragraph).join('\n')}
<p class="small" style="margin:24px 0 0;${SMALL};${BREAKING};">${escaped(footer)}</p>
</div>
</div>
</body>
</html>
`
}

const paragraph = (text: string): string =>
  `<p class="text" style="margin:0 0 16px;${TEXT};">${escaped(text)}</p>`

function button({ label, url, note }: Action): string {
  return `<table role="presentation" ${TABLE};margin:24px 0 16px;"><tr>
<td class="button" style="border-radius:6px;background:#1a5fd0;"><a href="${escaped(url)}" style="display:inline-block;padding:12px 20px;font-size:16px;line-height:24px;font-weight:600;color:#ffffff;text-decoration:none;">${escaped(label)}</a></td>
</tr></table>
<p class="small" style="margin:0 0 8px;${SMALL};${BREAKING};">${escaped(url)}</p>
<p class="small" style="margin:0 0 24px;${SMALL};">${escaped(note)}</p>`
}

/** A value may be in any script: what stands around it keeps its direction. */
function factTable(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, value }) => `<tr>
<th class="small" scope="row" align="left" valign="top" style="padding:4px 16px 4px 0;${SMALL};font-weight:400;white-space:nowrap;">${escaped(label)}</th>
<td class="text" valign="top" style="padding:4px 0;font-size:14px;line-height:20px;color:#1a1d21;${BREAKING};"><bdi>${escaped(value)}</bdi></td>
</tr>`,
  )
  return `<table ${TABLE};margin:8px 0 24px;">\n${rows.join('\n')}\n</table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
