/**
 * Slow hashes of secrets: argon2id (default) or bcrypt, as PHC strings that carry their parameters.
 *
 * New hashes follow the settings. Both kinds verify whatever the settings say, with the parameters
 * of the stored string, and `needsRehash` tells that these are not today's. A stored string that is
 * malformed or too dear to run is never run: it verifies nothing, and `inspect` refuses it. Nothing
 * here bounds how many run at once; callers that clients can drive go through a HashingPool.
 */
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { hash as bcryptHash, verify as bcryptVerify } from '@node-rs/bcrypt'
import { ConfigError, LockgateError } from '../../core/errors.ts'
import {
  MAX_BCRYPT_COST,
  MAX_MEMORY_KIB,
  MAX_PARALLELISM,
  MAX_PASSES,
} from '../../core/hash-bounds.ts'
import type { KeySettings } from '../../core/settings.ts'
import { readStoredHash, type StoredHash } from './stored-hash.ts'

export type HashSettings = Pick<KeySettings, 'hash' | 'argon2id' | 'bcrypt'>

export interface SecretVerdict {
  readonly valid: boolean
  /** True only beside `valid`: the stored hash has other parameters than new ones get. */
  readonly needsRehash: boolean
}

export interface SecretHasher {
  /** A PHC string of at most 256 characters with a fresh salt. */
  hash(secret: string): Promise<string>
  verify(stored: string, secret: string): Promise<SecretVerdict>
  /** Throws LockgateError `invalid_field` for a stored hash that could never verify. */
  inspect(stored: string): void
}

const INVALID: SecretVerdict = Object.freeze({ valid: false, needsRehash: false })

/** Throws ConfigError for parameters that this hasher would itself refuse to run. */
export function createSecretHasher(settings: HashSettings): SecretHasher {
  const { hash: kind, argon2id, bcrypt } = settings
  const { memoryKiB, passes, parallelism } = argon2id
  const { cost } = bcrypt
  checkRange('keys.argon2id.parallelism', parallelism, 1, MAX_PARALLELISM)
  checkRange('keys.argon2id.memoryKiB', memoryKiB, 8 * parallelism, MAX_MEMORY_KIB)
  checkRange('keys.argon2id.passes', passes, 1, MAX_PASSES)
  checkRange('keys.bcrypt.cost', cost, 4, MAX_BCRYPT_COST)

  const isCurrent = (stored: StoredHash): boolean => {
    if (stored.kind !== kind || !stored.modern) return false
    if (stored.kind === 'bcrypt') return stored.cost === cost
    return (
      stored.memoryKiB === memoryKiB &&
      stored.passes === passes &&
      stored.parallelism === parallelism
    )
  }

  return Object.freeze({
    hash: (secret) =>
      kind === 'bcrypt'
        ? bcryptHash(secret, { cost })
        : argon2Hash(secret, { memoryCost: memoryKiB, timeCost: passes, parallelism }),

    async verify(stored, secret) {
      const parsed = readStoredHash(stored)
      if (parsed === undefined) return INVALID
      const valid =
        parsed.kind === 'bcrypt'
          ? await bcryptVerify(secret, stored)
          : await argon2Verify(stored, secret)
      return valid ? { valid, needsRehash: !isCurrent(parsed) } : INVALID
    },

    inspect(stored) {
      if (readStoredHash(stored) !== undefined) return
      throw new LockgateError(
        'invalid_field',
        'The hash is not usable. Give a PHC string of argon2id (m at most 262144, t and p at most 16) or bcrypt ($2b$, cost at most 14).',
      )
    },
  } satisfies SecretHasher)
}

function checkRange(path: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new ConfigError(`${path} must be an integer from ${least} to ${most}, not ${value}.`)
}
