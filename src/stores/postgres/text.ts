/**
 * Text as PostgreSQL can keep it. Its text has no U+0000, which a caller's may have, so U+0000 is kept
 * as `␀0` and `␀` (U+2400) as `␀␀`: all other text is kept as it is, different texts stay different,
 * and the same text is always kept the same way, so that it can be searched for.
 */

export const keptText = (text: string): string => text.replaceAll('␀', '␀␀').replaceAll('\0', '␀0')

/** A `␀` that `keptText` never writes was put there by someone else and shows as U+FFFD. */
export const textFromKept = (kept: string): string =>
  kept.includes('␀') ? kept.replace(/␀([0␀])?/gu, unescaped) : kept

function unescaped(_: string, mark: string | undefined): string {
  if (mark === undefined) return '\ufffd'
  return mark === '0' ? '\0' : mark
}
