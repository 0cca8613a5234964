/**
 * Base62: digits, upper case, lower case, in ASCII order, most significant digit first.
 *
 * Every text has a fixed width, so that one text stands for one value and back. Nothing here has
 * state; all of it is total for the inputs its types allow.
 */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** 256 bits need 43 digits: 62^42 < 2^256 < 62^43. */
export const SECRET_BYTES = 32
export const SECRET_LENGTH = 43

/** 32 bits need 6 digits: 62^5 < 2^32 < 62^6. */
export const CHECKSUM_LENGTH = 6

const CODE_0 = 48
const CODE_9 = 57
const CODE_A = 65
const CODE_Z = 90
const CODE_LOWER_A = 97
const CODE_LOWER_Z = 122

/** The value of a UTF-16 code unit as a digit, 0 to 61; -1 if it is none of the 62 characters. */
export function digitOf(code: number): number {
  if (code >= CODE_0 && code <= CODE_9) return code - CODE_0
  if (code >= CODE_A && code <= CODE_Z) return code - CODE_A + 10
  if (code >= CODE_LOWER_A && code <= CODE_LOWER_Z) return code - CODE_LOWER_A + 36
  return -1
}

/** Whether a UTF-16 code unit is one of the 62 characters. */
export const isBase62 = (code: number): boolean => digitOf(code) >= 0

/** A 32-bit unsigned integer as 6 characters. */
export function encodeUint32(value: number): string {
  let text = ''
  let rest = value
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    text = BASE62.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}

/** 32 bytes, read as one big-endian integer, as 43 characters. */
export function encodeSecret(bytes: Uint8Array): string {
  if (bytes.length !== SECRET_BYTES) throw new RangeError('A secret has 32 bytes.')
  let rest = 0n
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte)
  let text = ''
  for (let i = 0; i < SECRET_LENGTH; i++) {
    text = BASE62.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}
