/**
 * Where a leaked key was found, as others wrote it: a URL, a file and line, a sentence. It goes into
 * the audit log and into a mail, so it is short, stays on its line, and holds no key: whoever reports
 * a key tends to paste it twice. Pure.
 */
import { hideKeys } from './key/hide-keys.ts'

export const MAX_PLACE_LENGTH = 500

/** Control characters, and those that turn the direction of text round. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Whether a text can be taken as it is, but for keys in it. */
export const isPlace = (text: string): boolean =>
  text.length <= MAX_PLACE_LENGTH && text.isWellFormed() && text.search(UNPRINTABLE) === -1

/** The text as it may be kept; undefined where nothing is left of it. */
export function placeOf(text: string): string | undefined {
  const plain = hideKeys(text.toWellFormed().replace(UNPRINTABLE, '\ufffd')).trim()
  if (plain === '') return undefined
  if (plain.length <= MAX_PLACE_LENGTH) return plain
  // A pair that is cut in half would be no text any more.
  return `${plain.slice(0, MAX_PLACE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
