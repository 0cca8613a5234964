/**
 * The API key: `<prefix>_<live|test>_<key_id 8>_<secret 43><checksum 6>`, for example
 * `acme_live_7Hq2mZ9x_…`. The checksum is CRC-32 over everything before it, as 6 base62 characters.
 *
 * Every part but the prefix has a fixed width and every key of a format has the same prefix, so a
 * key falls apart in one way only. `parse` reads each character at most twice, uses no regular
 * expression and never throws: whatever a client sends costs less than a microsecond and no I/O.
 */
import { randomBytesOf, randomId } from '../crypto.ts'
import { ConfigError } from '../errors.ts'
import {
  CHECKSUM_LENGTH,
  digitOf,
  encodeSecret,
  encodeUint32,
  isBase62,
  SECRET_BYTES,
  SECRET_LENGTH,
} from './base62.ts'
import { CRC32_START, createCrc32, finishCrc32 } from './crc32.ts'
import type { KeyMode } from './key-record.ts'

const KEY_ID_LENGTH = 8

/** The public parts of a presented key. Holds no secret and does not keep the key alive. */
export interface ParsedKey {
  readonly mode: KeyMode
  readonly keyId: string
}

/** A new key; `secret` is the part that is hashed. */
export interface GeneratedKey {
  readonly key: string
  readonly keyId: string
  readonly secret: string
}

export interface KeyFormat {
  readonly prefix: string
  /** The source of a regular expression that finds these keys in any text; not anchored. */
  readonly pattern: string
  /** A new key from the CSPRNG. */
  generate(mode: KeyMode): GeneratedKey
  /**
   * Where the key_id of a key would be: enough to look up a key that was verified before. Proves
   * nothing; '' where the length is wrong.
   */
  keyIdOf(presented: string): string
  /** undefined where prefix, length, alphabet or checksum is wrong. Total and linear. */
  parse(presented: string): ParsedKey | undefined
  /** The 43 secret characters of a key that `parse` accepted. */
  secretOf(key: string): string
}

/**
 * The format of keys with `prefix`: 1 to 16 of `a` to `z` and `0` to `9`, starting with a letter.
 * No underscores: `acme` gives `acme_live_…`. Throws ConfigError for any other prefix.
 *
 * @example
 * const format = createKeyFormat('acme')
 * const { key, keyId } = format.generate('live')
 * format.parse(key) // { mode: 'live', keyId }
 */
export function createKeyFormat(prefix: string): KeyFormat {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(prefix)) {
    throw new ConfigError(
      'keys.prefix must be 1 to 16 characters of a-z and 0-9, starting with a letter, such as "acme".',
    )
  }
  const crc32 = createCrc32()
  const liveHead = `${prefix}_live_`
  const testHead = `${prefix}_test_`
  const idStart = liveHead.length
  const idEnd = idStart + KEY_ID_LENGTH
  const secretStart = idEnd + 1
  const secretEnd = secretStart + SECRET_LENGTH
  const length = secretEnd + CHECKSUM_LENGTH
  const liveState = crc32(liveHead, 0, idStart, CRC32_START)
  const testState = crc32(testHead, 0, idStart, CRC32_START)

  return Object.freeze({
    prefix,
    pattern: `${prefix}_(?:live|test)_[0-9A-Za-z]{${KEY_ID_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}`,

    generate(mode) {
      const keyId = randomId(KEY_ID_LENGTH)
      const secret = encodeSecret(randomBytesOf(SECRET_BYTES))
      const body = `${prefix}_${mode}_${keyId}_${secret}`
      const checksum = finishCrc32(crc32(body, 0, secretEnd, CRC32_START))
      return { key: body + encodeUint32(checksum), keyId, secret }
    },

    parse(presented) {
      if (presented.length !== length) return undefined
      const mode = presented.startsWith(liveHead)
        ? 'live'
        : presented.startsWith(testHead)
          ? 'test'
          : undefined
      if (mode === undefined || presented[idEnd] !== '_') return undefined
      if (!isAllBase62(presented, idStart, idEnd)) return undefined
      if (!isAllBase62(presented, secretStart, secretEnd)) return undefined
      const state = crc32(presented, idStart, secretEnd, mode === 'live' ? liveState : testState)
      if (readNumber(presented, secretEnd, length) !== finishCrc32(state)) return undefined
      return { mode, keyId: presented.slice(idStart, idEnd) }
    },

    keyIdOf: (presented) => (presented.length === length ? presented.slice(idStart, idEnd) : ''),

    secretOf: (key) => key.slice(secretStart, secretEnd),
  } satisfies KeyFormat)
}

function isAllBase62(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (!isBase62(text.charCodeAt(i))) return false
  }
  return true
}

/** The base62 number in `text` from `start` up to `end`; -1 if it is none. */
function readNumber(text: string, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = digitOf(text.charCodeAt(i))
    if (digit < 0) return -1
    value = value * 62 + digit
  }
  return value
}
