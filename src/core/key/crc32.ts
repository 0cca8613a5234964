/**
 * CRC-32 as zlib, PNG and GitHub's tokens use it (ISO-HDLC: polynomial 0x04C11DB7, reflected).
 *
 * One table look-up per character, about 100 ns for a key. The state can be carried from one piece
 * of text to the next, so that the part every key begins with is computed once. It detects every
 * change of a single character; it is a guard against mistakes, not against forgery.
 */

/** The state before the first character. */
export const CRC32_START = -1

/**
 * The state after the characters of `text` from `start` up to `end`. The text must be ASCII; other
 * characters count by their low 8 bits.
 */
export type Crc32 = (text: string, start: number, end: number, state: number) => number

/** The unsigned checksum that a state stands for. */
export const finishCrc32 = (state: number): number => ~state >>> 0

/** The polynomial with its bits reversed, as a signed 32-bit integer. */
const POLYNOMIAL = 0xedb88320 | 0

export function createCrc32(): Crc32 {
  const table = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let state = byte
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? POLYNOMIAL : 0)
    table[byte] = state
  }
  return (text, start, end, state) => {
    let next = state
    for (let i = start; i < end; i++) {
      next = (next >>> 8) ^ (table[(next ^ text.charCodeAt(i)) & 0xff] ?? 0)
    }
    return next
  }
}
