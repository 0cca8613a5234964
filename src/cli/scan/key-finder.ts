/**
 * Finds keys in a text of any length that arrives in pieces, by their form and their checksum.
 *
 * Bytes are searched, not characters, so that any file will do; keys in UTF-16, as some shells write
 * it, are found as well. Each byte is looked at a bounded number of times and what is kept from one
 * piece to the next is shorter than two keys, so time is linear and memory bounded, whatever the text.
 */
import { createKeyFormat, type KeyFormat } from '../../core/key/format.ts'

export interface FoundKey {
  readonly key: string
  readonly keyId: string
  /** The part that is hashed. */
  readonly secret: string
  /** Of its first character, from 1 on. */
  readonly line: number
}

export interface KeyFinder {
  /** The keys that end in this piece, each time that they stand there, in order. */
  search(piece: Buffer): FoundKey[]
}

type Encoding = 'latin1' | 'utf16le'

interface Needle {
  readonly bytes: Buffer
  readonly encoding: Encoding
  readonly bytesPerCharacter: number
}

interface Hit extends Omit<FoundKey, 'line'> {
  readonly start: number
}

const LINE_BREAK = 10
const UNDERSCORE = 95
const NEEDLES: readonly Needle[] = ['_live_', '_test_'].flatMap((word) => [
  { bytes: Buffer.from(word, 'latin1'), encoding: 'latin1', bytesPerCharacter: 1 },
  { bytes: Buffer.from(word, 'utf16le'), encoding: 'utf16le', bytesPerCharacter: 2 },
])
/** `_live_` or `_test_`, and key_id. */
const LENGTH_TO_SECRET = 6 + 8
/** That, `_`, secret and checksum. */
const LENGTH_WITHOUT_PREFIX = LENGTH_TO_SECRET + 1 + 43 + 6
const MAX_KEY_BYTES = 2 * (16 + LENGTH_WITHOUT_PREFIX)
const NOTHING = Buffer.alloc(0)

/** What makes a finder for each new text. Throws ConfigError for a prefix that no key can have. */
export function createKeyFinders(prefixes: readonly string[]): () => KeyFinder {
  const formats = [...new Set(prefixes)].map((prefix) => createKeyFormat(prefix))
  return () => createKeyFinder(formats)
}

function createKeyFinder(formats: readonly KeyFormat[]): KeyFinder {
  let kept: Buffer = NOTHING
  let linesBefore = 0

  return {
    search(piece) {
      const window = kept.length === 0 ? piece : Buffer.concat([kept, piece])
      const hits = NEEDLES.flatMap((needle) => hitsOf(window, kept.length, needle, formats))
      const found = numbered(window, hits, linesBefore)
      const keepFrom = Math.max(0, window.length - (MAX_KEY_BYTES - 1))
      linesBefore += countLineBreaks(window, 0, keepFrom)
      kept = Buffer.from(window.subarray(keepFrom))
      return found
    },
  }
}

/** Keys around this needle that end beyond `seen`: those that end before it were found before. */
function hitsOf(
  window: Buffer,
  seen: number,
  { bytes, encoding, bytesPerCharacter }: Needle,
  formats: readonly KeyFormat[],
): Hit[] {
  const hits: Hit[] = []
  for (let at = window.indexOf(bytes); at !== -1; at = window.indexOf(bytes, at + 1)) {
    if (window[at + LENGTH_TO_SECRET * bytesPerCharacter] !== UNDERSCORE) continue
    for (const format of formats) {
      const start = at - format.prefix.length * bytesPerCharacter
      const end = at + LENGTH_WITHOUT_PREFIX * bytesPerCharacter
      if (start < 0 || end <= seen || end > window.length) continue
      const key = window.toString(encoding, start, end)
      const keyId = format.parse(key)?.keyId
      if (keyId !== undefined) hits.push({ key, keyId, secret: format.secretOf(key), start })
    }
  }
  return hits
}

function numbered(window: Buffer, hits: readonly Hit[], linesBefore: number): FoundKey[] {
  let line = linesBefore + 1
  let countedTo = 0
  return hits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, ...key }) => {
      line += countLineBreaks(window, countedTo, start)
      countedTo = start
      return { ...key, line }
    })
}

function countLineBreaks(bytes: Buffer, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    if (bytes[at] === LINE_BREAK) count += 1
  }
  return count
}
