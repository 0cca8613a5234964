/**
 * Whose request it is: everything that is decided before the counters are asked.
 *
 *   checksum (no I/O) → key from cache or store → secret → state → scope and allow list
 *
 * Two paths lead to `then`. Fast: the key is cached, fresh, and what was sent equals what was verified
 * before; no checksum is needed and nothing is awaited. Slow: everything else. An address that is
 * blocked for bad credentials still gets in with a key this process has verified, so that a guesser
 * does not lock out the customers behind the same address.
 */
import type { Denied } from '../core/decision.ts'
import type { KeyFormat } from '../core/key/format.ts'
import { keyStatusAt } from '../core/key/key-record.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { CachedKey } from './cached-key.ts'
import type { CheckRequest } from './gate.ts'
import type { KeyCache } from './key-cache.ts'
import { type Refusals, retryable } from './refusals.ts'
import { deniedByRights } from './rights.ts'
import type { SecretVerifier } from './secrets/verifier.ts'

export interface RecognitionParts {
  readonly format: KeyFormat
  readonly cache: KeyCache
  readonly verifier: SecretVerifier
  readonly clock: Clock
  readonly refusals: Refusals
  readonly onRehash: (key: CachedKey, secret: string) => void
}

/** What follows once the secret is known to be right. */
export type Then<Result> = (key: CachedKey, request: CheckRequest) => Result | Promise<Result>

export class Recognition {
  readonly #parts: RecognitionParts

  constructor(parts: RecognitionParts) {
    this.#parts = parts
  }

  verify<Result>(
    request: CheckRequest,
    then: Then<Result>,
  ): Result | Denied | Promise<Result | Denied> {
    const { format, cache, verifier, refusals } = this.#parts
    const presented = request.presentedKey
    if (presented === undefined) return refusals.missingKey(request)
    const key = cache.fresh(format.keyIdOf(presented))
    // Equal to a key that was verified, so its checksum is right, too, and need not be computed.
    if (key !== undefined && verifier.verifyKnown(key.record, presented) === 'match') {
      return then(key, request)
    }
    const parsed = format.parse(presented)
    if (parsed === undefined) return refusals.badCredential(request, 'malformed', null)
    return this.#verifyUnknown(request, presented, parsed.keyId, then)
  }

  /** Why a key whose secret is right does not get in; undefined where it does. */
  refusalOf(key: CachedKey, request: CheckRequest): Promise<Denied> | undefined {
    const { clock, refusals } = this.#parts
    const { record } = key
    if (record.status !== 'active' || record.expiresAtMs !== null) {
      const status = keyStatusAt(record, clock.wallMs())
      if (status !== 'active') return refusals.endedKey(request, status, record.keyId)
    }
    const denied = deniedByRights(key, request)
    if (denied !== undefined) return refusals.uncharged(request, denied)
    if (key.tierIsKnown) return undefined
    return refusals.uncharged(request, refusals.withoutTier(record, request))
  }

  /** The slow path: the address must still be welcome before anything is looked up or hashed. */
  async #verifyUnknown<Result>(
    request: CheckRequest,
    presented: string,
    keyId: string,
    then: Then<Result>,
  ): Promise<Result | Denied> {
    const { cache, verifier, refusals } = this.#parts
    const known = cache.lastKnown(keyId)
    if (known === undefined || verifier.verifyKnown(known.record, presented) !== 'match') {
      const blocked = await refusals.blocked(request)
      if (blocked !== undefined) return blocked
    }
    const key = cache.fresh(keyId) ?? (await cache.load(keyId))
    if (key === 'unavailable') return refusals.uncharged(request, retryable('auth_unavailable'))
    if (key === 'unknown') return refusals.badCredential(request, 'unknown', null)
    switch (verifier.verifyKnown(key.record, presented)) {
      case 'match':
        return then(key, request)
      case 'mismatch':
        return refusals.badCredential(request, 'wrong_secret', keyId)
      case 'unknown':
        return this.#verifyFirst(key, request, presented, then)
    }
  }

  /** A key that this process has not verified yet. Its state is looked at first: no hash for those. */
  async #verifyFirst<Result>(
    key: CachedKey,
    request: CheckRequest,
    presented: string,
    then: Then<Result>,
  ): Promise<Result | Denied> {
    const { format, verifier, clock, refusals, onRehash } = this.#parts
    const { record } = key
    const status = keyStatusAt(record, clock.wallMs())
    if (status !== 'active') return refusals.badCredential(request, status, record.keyId)
    const secret = format.secretOf(presented)
    const verdict = await verifier.verifyFirst(record, presented, secret)
    if (verdict.result === 'overloaded') {
      return refusals.uncharged(request, retryable('overloaded'))
    }
    if (verdict.result === 'mismatch') {
      return refusals.badCredential(request, 'wrong_secret', record.keyId)
    }
    if (verdict.needsRehash) onRehash(key, secret)
    return then(key, request)
  }
}
