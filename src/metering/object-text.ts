/**
 * Where the members of a JSON object are in its text, so that single values can be set and everything
 * else stays as it was sent. For text that `JSON.parse` has taken; linear, and no deeper on the stack
 * however deep the text is.
 */

export interface MemberText {
  /** As it was meant: escapes read. */
  readonly name: string
  readonly valueStart: number
  readonly valueEnd: number
}

export interface ObjectText {
  /** Those that were wanted, in their order, duplicates too, and those that differ only in case. */
  readonly members: readonly MemberText[]
  /** Where a member can be added, and what has to be written before it. */
  readonly insertAt: number
  readonly separator: '' | ','
}

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Reads the object that begins at `from` or after white space there. */
export function readObjectText(
  text: string,
  from: number,
  wanted: ReadonlySet<string>,
): ObjectText {
  const members: MemberText[] = []
  let insertAt = afterSpace(text, from) + 1
  let separator: '' | ',' = ''
  let at = afterSpace(text, insertAt)
  while (text.charCodeAt(at) === QUOTE) {
    const nameEnd = endOfString(text, at)
    const name = nameIn(text, at, nameEnd)
    const valueStart = afterSpace(text, afterSpace(text, nameEnd) + 1)
    const valueEnd = endOfValue(text, valueStart)
    if (wanted.has(name) || wanted.has(foldCase(name))) members.push({ name, valueStart, valueEnd })
    insertAt = valueEnd
    separator = ','
    at = afterSpace(text, valueEnd)
    if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1)
  }
  return { members, insertAt, separator }
}

/** As servers compare names that take no notice of case, the long s and the Kelvin sign included. */
const foldCase = (name: string): string => name.toUpperCase().toLowerCase()

/** The text with its edits made; they must not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => a.start - b.start)
  const parts: string[] = []
  let at = 0
  for (const edit of ordered) {
    parts.push(text.slice(at, edit.start), edit.text)
    at = edit.end
  }
  parts.push(text.slice(at))
  return parts.join('')
}

function afterSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const c = text.charCodeAt(at)
    if (c !== SPACE && c !== LF && c !== CR && c !== TAB) return at
    at++
  }
}

function nameIn(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1)
  return raw.includes('\\') ? String(JSON.parse(text.slice(start, end))) : raw
}

/** Behind the quote that ends the string at `start`. */
function endOfString(text: string, start: number): number {
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote === -1) return text.length
    let before = quote - 1
    while (before >= from && text.charCodeAt(before) === BACKSLASH) before--
    if ((quote - before) % 2 === 1) return quote + 1
    from = quote + 1
  }
}

function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) {
      at = endOfString(text, at)
      if (depth === 0) return at
      continue
    }
    if (c === OPEN_OBJECT || c === OPEN_LIST) depth++
    else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (c === COMMA || c === SPACE || c === LF || c === CR || c === TAB)) {
      return at
    }
    at++
  }
  return at
}
