/**
 * JSON, read strictly: UTF-8, nested at most 64 levels, no member twice, none called `__proto__`.
 *
 * JSON.parse says whether it is JSON; it keeps the last of two equal members without a word, so the
 * text is walked once more for what it does not tell. Linear in the length of the text.
 */
import { LockgateError } from '../../core/errors.ts'
import { hideKeys } from '../../core/key/hide-keys.ts'

const MAX_DEPTH = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Throws LockgateError `invalid_json`, `json_too_complex` or `unknown_field`. */
export function readStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  const value = parse(text)
  checkMembers(text)
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new LockgateError('invalid_json', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LockgateError('invalid_json')
  }
}

/** `text` is JSON. A string is a member's name where an object expects one. */
function checkMembers(text: string): void {
  /** Of each open object the names so far; of an array, undefined. */
  const open: (Set<string> | undefined)[] = []
  let expectsName = false
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        open.push(text[at] === '{' ? new Set() : undefined)
        if (open.length > MAX_DEPTH) throw new LockgateError('json_too_complex')
        expectsName = text[at] === '{'
        break
      case '}':
      case ']':
        open.pop()
        expectsName = false
        break
      case ',':
        expectsName = open.at(-1) !== undefined
        break
      case '"': {
        const end = endOfString(text, at)
        const names = open.at(-1)
        if (expectsName && names !== undefined) addName(names, text.slice(at, end))
        expectsName = false
        at = end - 1
        break
      }
    }
  }
}

/** The index after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) return at + 1
    if (c === BACKSLASH) at++
  }
}

/** `quoted` is compared by what it means: `"a"` and `"\u0061"` are one name. */
function addName(names: Set<string>, quoted: string): void {
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
  if (name === '__proto__') {
    throw new LockgateError('unknown_field', 'The body has a member "__proto__"; remove it.')
  }
  if (names.has(name)) {
    throw new LockgateError(
      'invalid_json',
      `The body has the member ${shownName(name)} twice; send it once.`,
    )
  }
  names.add(name)
}

/** A name as a message may repeat it: a key in the wrong place is not. */
export const shownName = (name: string): string => JSON.stringify(hideKeys(name).slice(0, 64))
