/**
 * Finds an API key in a query string, where it does not belong: URLs end up in logs, histories and
 * Referer headers.
 *
 * A key is known by its shape, `…_live_` or `…_test_`, then 8 base62 characters, `_` and a long
 * base62 tail, whatever its prefix and parameter. In a parameter whose name says that it holds a
 * key, a damaged or shortened one is enough. Percent-encoding is undone first, also when it was
 * applied more than once. Linear in the length of the query, which the transport bounds.
 */
import { isBase62 } from '../core/key/base62.ts'

const MARKERS = ['_live_', '_test_'] as const
const KEY_ID_LENGTH = 8
/** Shorter than a whole secret with its checksum (49), so that a cut one is still found. */
const MIN_TAIL_LENGTH = 32
/** What makes a value of `api_key=` a key. */
const MIN_NAMED_LENGTH = 16
const KEY_NAMES: ReadonlySet<string> = new Set([
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'access_token',
  'key',
  'token',
])
const MAX_DECODINGS = 3

/** `query` is the part of the target after its first `?`. */
export function hasKeyInQuery(query: string): boolean {
  const text = decodePercent(query)
  const suspicious = MARKERS.some((marker) => text.includes(marker))
  return suspicious && (holdsKey(text, isWholeKey) || text.split('&').some(isNamedKey))
}

function decodePercent(query: string): string {
  let text = query
  for (let round = 0; round < MAX_DECODINGS && text.includes('%'); round++) {
    text = text.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
  return text
}

function isNamedKey(parameter: string): boolean {
  const equals = parameter.indexOf('=')
  if (equals === -1 || !KEY_NAMES.has(parameter.slice(0, equals).toLowerCase())) return false
  return holdsKey(parameter.slice(equals + 1), isPartOfKey)
}

/** Whether `accepts` holds for what follows any marker. */
function holdsKey(text: string, accepts: (text: string, from: number) => boolean): boolean {
  for (const marker of MARKERS) {
    for (let at = text.indexOf(marker); at !== -1; at = text.indexOf(marker, at + 1)) {
      if (accepts(text, at + marker.length)) return true
    }
  }
  return false
}

function isWholeKey(text: string, from: number): boolean {
  const idEnd = from + KEY_ID_LENGTH
  if (endOfBase62(text, from, KEY_ID_LENGTH) !== idEnd || text[idEnd] !== '_') return false
  return endOfBase62(text, idEnd + 1, MIN_TAIL_LENGTH) === idEnd + 1 + MIN_TAIL_LENGTH
}

function isPartOfKey(text: string, from: number): boolean {
  const idEnd = endOfBase62(text, from, MIN_NAMED_LENGTH)
  const end = text[idEnd] === '_' ? endOfBase62(text, idEnd + 1, MIN_NAMED_LENGTH) : idEnd
  return end - from >= MIN_NAMED_LENGTH
}

/** Where the run of base62 characters from `from` ends, after at most `most` of them. */
function endOfBase62(text: string, from: number, most: number): number {
  let end = from
  while (end < from + most && isBase62(text.charCodeAt(end))) end++
  return end
}
