/**
 * The one door from core to `node:crypto`: random values, SHA-256, comparison in constant time.
 *
 * `hash` in one shot costs well under 1 µs for a key; a Hash object costs ten times as much. No
 * state is kept between calls. Randomness comes from the CSPRNG only; if that fails, the call throws.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { BASE62 } from './key/base62.ts'

/** `count` bytes from the CSPRNG. */
export const randomBytesOf = (count: number): Buffer => randomBytes(count)

/** The 32 bytes of SHA-256 over the UTF-8 form of `text`. */
export const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer')

/** SHA-256 over the UTF-8 form of `text` as 64 lower-case hexadecimal digits. */
export const sha256Hex = (text: string): string => hash('sha256', text)

/** Only where a protocol names things by it, as Redis does its scripts. 40 hex characters. */
export const sha1Hex = (text: string): string => hash('sha1', text)

/** Compares two digests in a time that tells nothing but a difference of their lengths. */
export const equalDigests = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)

/** Whether `digest` is the SHA-256 of `text`, in a time that depends on the length of `text` only. */
export type DigestMatcher = (text: string, digest: Uint8Array) => boolean

/**
 * A matcher that reuses one buffer of its own, because taking the digest as a new Buffer costs more
 * than computing it. Safe to share: a call is synchronous and leaves nothing that matters behind.
 */
export function createDigestMatcher(): DigestMatcher {
  const computed = Buffer.alloc(32)
  return (text, digest) => {
    computed.write(hash('sha256', text, 'binary'), 0, 32, 'binary')
    return equalDigests(computed, digest)
  }
}

/** The largest multiple of 62 that a byte can be below; bytes from here on would favour `0` to `7`. */
const UNBIASED_BYTES = 248

/** `length` base62 characters from the CSPRNG, each of the 62 equally likely. */
export function randomId(length: number): string {
  let id = ''
  while (id.length < length) {
    for (const byte of randomBytes(length - id.length)) {
      if (byte < UNBIASED_BYTES) id += BASE62.charAt(byte % 62)
    }
  }
  return id
}
