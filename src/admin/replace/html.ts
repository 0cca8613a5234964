/**
 * HTML as a template that escapes: text stays text, whatever it holds. Only `html` makes markup, so
 * no value can. Control characters are shown as U+FFFD, as a parser would do with some of them.
 */

/** Markup, and proof of it: a string of the same look is text. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

export type HtmlValue = string | number | Html | readonly Html[] | undefined

/** Values may stand in text, or within quotes in an attribute that is neither a URL nor a script. */
export function html(literals: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = literals.map((literal, index) => literal + markupOf(values[index]))
  return new Html(parts.join(''))
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.markup
  if (typeof value === 'object') return value.map(({ markup }) => markup).join('')
  return escapeText(String(value))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

const escapeText = (text: string): string =>
  text
    .replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '')
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cs}]/gu, '\ufffd')
