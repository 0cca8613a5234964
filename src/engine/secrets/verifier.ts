/**
 * Checks presented secrets: by fingerprint where the key was verified before, else by slow hash.
 *
 * After one success a process remembers, per key_id, the SHA-256 of the presented key beside the
 * stored hash it was verified against; never the key. Later checks are synchronous and compare
 * digests in constant time. One key_id has one secret, so a digest that differs is a wrong secret
 * and needs no hash. A record whose stored hash changed has no fingerprint until verified again.
 *
 * Slow hashes go through a bounded pool. Callers with the same key share one run, and a run whose
 * turn comes after the right key was verified compares digests instead. When the pool is full the
 * answer is `overloaded`. A failure of the hash itself rejects and is not remembered.
 */
import { createDigestMatcher, sha256 } from '../../core/crypto.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { SecretHasher } from './hasher.ts'
import type { HashingPool } from './hashing-pool.ts'

type HashedKey = Pick<KeyRecord, 'keyId' | 'secretHash'>

export interface FirstVerdict {
  readonly result: 'match' | 'mismatch' | 'overloaded'
  /** True only beside `match`. */
  readonly needsRehash: boolean
}

export interface SecretVerifier {
  /** Without hashing; `unknown` where this process has not verified the key's current hash yet. */
  verifyKnown(record: HashedKey, presented: string): 'match' | 'mismatch' | 'unknown'
  /** `secret` is the secret part of `presented`. */
  verifyFirst(record: HashedKey, presented: string, secret: string): Promise<FirstVerdict>
}

export interface VerifierParts {
  readonly hasher: SecretHasher
  readonly pool: HashingPool
  /** How many fingerprints are kept, about 250 bytes each; the oldest goes first. Default 100,000. */
  readonly maxFingerprints?: number
}

interface Fingerprint {
  readonly secretHash: string
  readonly digest: Uint8Array
}

const MATCH: FirstVerdict = Object.freeze({ result: 'match', needsRehash: false })
const MATCH_OUTDATED: FirstVerdict = Object.freeze({ result: 'match', needsRehash: true })
const MISMATCH: FirstVerdict = Object.freeze({ result: 'mismatch', needsRehash: false })
const OVERLOADED: FirstVerdict = Object.freeze({ result: 'overloaded', needsRehash: false })

export function createSecretVerifier(parts: VerifierParts): SecretVerifier {
  const { hasher, pool, maxFingerprints = 100_000 } = parts
  const fingerprints = new BoundedMap<string, Fingerprint>(maxFingerprints)
  /** By digest of the presented key and stored hash; no larger than the pool. */
  const underWay = new Map<string, Promise<FirstVerdict>>()
  const matches = createDigestMatcher()

  const verifyKnown: SecretVerifier['verifyKnown'] = (record, presented) => {
    const known = fingerprints.get(record.keyId)
    if (known === undefined || known.secretHash !== record.secretHash) return 'unknown'
    return matches(presented, known.digest) ? 'match' : 'mismatch'
  }

  const hashAndRemember = async (
    { keyId, secretHash }: HashedKey,
    digest: Uint8Array,
    secret: string,
  ): Promise<FirstVerdict> => {
    const { valid, needsRehash } = await hasher.verify(secretHash, secret)
    if (!valid) return MISMATCH
    fingerprints.set(keyId, { secretHash, digest })
    return needsRehash ? MATCH_OUTDATED : MATCH
  }

  return Object.freeze({
    verifyKnown,

    async verifyFirst(record, presented, secret) {
      const digest = sha256(presented)
      const id = digest.toString('latin1') + record.secretHash
      const shared = underWay.get(id)
      if (shared !== undefined) return shared
      const run = pool.run(async () => {
        const known = verifyKnown(record, presented)
        if (known !== 'unknown') return known === 'match' ? MATCH : MISMATCH
        return hashAndRemember(record, digest, secret)
      })
      if (run === 'full') return OVERLOADED
      underWay.set(id, run)
      try {
        return await run
      } finally {
        underWay.delete(id)
      }
    },
  } satisfies SecretVerifier)
}
