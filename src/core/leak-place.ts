/**
 * Where a leaked key was found, as others wrote it: a URL, a file and line, a sentence. It goes into
 * the audit log and into a mail, so it is short, stays on its line, and holds no key: whoever reports
 * a key tends to paste it twice. Pure.
 */
export const MAX_PLACE_LENGTH = 500

/** Control characters, and those that turn the direction of text round. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Of any prefix. What is left names the key. */
const KEY = /([a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{8}_)[0-9A-Za-z]+/g

/** Whether a text can be taken as it is, but for keys in it. */
export const isPlace = (text: string): boolean =>
  text.length <= MAX_PLACE_LENGTH && text.isWellFormed() && text.search(UNPRINTABLE) === -1

/** The text as it may be kept; undefined where nothing is left of it. */
export function placeOf(text: string): string | undefined {
  const plain = text.toWellFormed().replace(UNPRINTABLE, '\ufffd').replace(KEY, '$1…').trim()
  if (plain === '') return undefined
  if (plain.length <= MAX_PLACE_LENGTH) return plain
  // A pair that is cut in half would be no text any more.
  return `${plain.slice(0, MAX_PLACE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
