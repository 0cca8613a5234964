/**
 * Reads a stored hash: which kind, with which parameters, and whether it is safe to run.
 *
 * The parameters of a hash are the cost of checking it. A row that was imported or tampered with may
 * ask for 4 GiB of memory or an hour of time, so every string is read, and held against bounds,
 * before anything runs. Reading costs a few µs, keeps nothing, and answers `undefined` for
 * everything that is not a usable hash.
 */
import { parseOptions as parseArgon2 } from '@node-rs/argon2'
import { parseOptions as parseBcrypt } from '@node-rs/bcrypt'
import {
  MAX_BCRYPT_COST,
  MAX_MEMORY_KIB,
  MAX_PARALLELISM,
  MAX_PASSES,
} from '../../core/hash-bounds.ts'

export type StoredHash =
  | {
      readonly kind: 'argon2id'
      readonly memoryKiB: number
      readonly passes: number
      readonly parallelism: number
      /** Current version of the algorithm, 16 bytes of salt and 32 of hash at least. */
      readonly modern: boolean
    }
  | { readonly kind: 'bcrypt'; readonly cost: number; readonly modern: boolean }

const MAX_TEXT_LENGTH = 256
const MIN_HASH_BYTES = 16
/** The header decides the kind; the parsers of the libraries that will check it do the rest. */
const ARGON2ID = '$argon2id$'
const BCRYPT = /^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$/
/** `Version.V0x13` of @node-rs/argon2: version 19, the one that RFC 9106 defines. */
const ARGON2_VERSION_19 = 1

/** undefined: malformed, of another kind, or dearer than the bounds. Total. */
export function readStoredHash(text: string): StoredHash | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined
  try {
    if (text.startsWith(ARGON2ID)) return readArgon2id(text)
    return BCRYPT.test(text) ? readBcrypt(text) : undefined
  } catch {
    // The libraries throw for what they cannot parse; for us that is an answer.
    return undefined
  }
}

function readArgon2id(text: string): StoredHash | undefined {
  const { memoryCost, timeCost, parallelism, outputLen, saltLen, version } = parseArgon2(text)
  const usable =
    memoryCost <= MAX_MEMORY_KIB &&
    timeCost <= MAX_PASSES &&
    parallelism <= MAX_PARALLELISM &&
    outputLen >= MIN_HASH_BYTES
  if (!usable) return undefined
  const modern = Number(version) === ARGON2_VERSION_19 && saltLen >= 16 && outputLen >= 32
  return { kind: 'argon2id', memoryKiB: memoryCost, passes: timeCost, parallelism, modern }
}

function readBcrypt(text: string): StoredHash | undefined {
  const { cost, version } = parseBcrypt(text)
  return cost <= MAX_BCRYPT_COST ? { kind: 'bcrypt', cost, modern: version === '2b' } : undefined
}
