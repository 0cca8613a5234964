/**
 * Redacts a finished line of JSON, so that nothing escapes by being nested, thrown, an error's cause,
 * bound to a child logger, or a member's name: what is looked at is what will be written.
 *
 * Each string of the line is redacted by itself and stays valid JSON. A string that is the value of
 * a member whose name says that it is secret goes whole, as does what follows such a name in a flat
 * list of headers. A line without any hint of a secret costs one pass of one regular expression.
 */
import { HINT, REDACTED, redact } from './redact.ts'

/** In lower case, without hyphens and underscores. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  ...['authorization', 'proxyauthorization', 'key', 'apikey', 'xapikey', 'presentedkey'],
  ...['secret', 'secrethash', 'token', 'password', 'cookie', 'setcookie'],
])
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  ...['authorization', 'proxyauthorization', 'xapikey', 'cookie', 'setcookie'],
])
const MEMBER_HINT = /"key"|api_?key|presentedkey|secret|token|password|cookie/i

/** `line` is JSON in one line, as `JSON.stringify` writes it. */
export function redactLine(line: string): string {
  if (!HINT.test(line) && !MEMBER_HINT.test(line)) return line
  let done = ''
  let position = 0
  /** What the name before says of the string to come; a list of headers has one value for each. */
  let secret: 'member' | 'header' | undefined
  for (;;) {
    const open = line.indexOf('"', position)
    if (open === -1) return done + line.slice(position)
    const end = endOfString(line, open)
    const between = line.slice(position, open)
    const text = line.slice(open, end)
    const isName = line[end] === ':'
    // Only what stands directly behind the name, or in a list there, is its value.
    if (isName || !/^[:,]?\[?$/.test(between)) secret = undefined
    done += between + (secret === undefined ? redactString(text) : `"${REDACTED}"`)
    if (isName) secret = SECRET_MEMBERS.has(plainName(text)) ? 'member' : undefined
    else if (secret !== 'member')
      secret = SECRET_HEADERS.has(plainName(text)) ? 'header' : undefined
    position = end
  }
}

/** Where the string that opens at `open` is over: behind its closing quote. */
function endOfString(line: string, open: number): number {
  let at = open + 1
  while (at < line.length && line[at] !== '"') at += line[at] === '\\' ? 2 : 1
  return at + 1
}

function redactString(literal: string): string {
  if (!HINT.test(literal)) return literal
  const text: string = JSON.parse(literal)
  const redacted = redact(text)
  return redacted === text ? literal : JSON.stringify(redacted)
}

const plainName = (literal: string): string =>
  literal.length > 24 ? '' : literal.slice(1, -1).toLowerCase().replaceAll(/[-_]/g, '')
