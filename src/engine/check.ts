/**
 * The decision on one request. After its address and its key were read, in this order:
 *
 *   checksum (no I/O) → key from cache or store → secret → state → scope and allow list → one atomic
 *   `consume` of the limits of key, route and address, with the key's version in it.
 *
 * Two paths lead to the same `#decide`. Fast: the key is cached, fresh, and what was sent equals what
 * was verified before; no checksum is needed and nothing is awaited. Slow: everything else. An address
 * that is blocked for bad credentials still gets in with a key this process has verified, so that a
 * guesser does not lock out the customers behind the same address.
 */
import type { Allowed, Decision, Denied } from '../core/decision.ts'
import type { KeyFormat } from '../core/key/format.ts'
import { keyStatusAt } from '../core/key/key-record.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Charge, ConsumeOutcome, Counters } from '../core/ports/counters.ts'
import { routeSubject } from '../core/subject.ts'
import type { ActivityRecorder } from './activity/activity-recorder.ts'
import type { AddressGuard } from './address-guard.ts'
import type { CachedKey } from './cached-key.ts'
import type { CheckRequest } from './gate.ts'
import type { KeyCache } from './key-cache.ts'
import { NO_LIMITS, type Refusals, retryable } from './refusals.ts'
import { deniedByRights } from './rights.ts'
import type { SecretVerifier } from './secrets/verifier.ts'

/** A reload after a stale version is decided again at most this often; versions only grow. */
const MAX_RELOADS = 3

export interface CheckParts {
  readonly format: KeyFormat
  readonly cache: KeyCache
  readonly verifier: SecretVerifier
  readonly counters: Counters
  readonly clock: Clock
  readonly addresses: AddressGuard
  readonly refusals: Refusals
  readonly activity: Pick<ActivityRecorder, 'record'>
  readonly onRehash: (key: CachedKey, secret: string) => void
}

export class Checker {
  readonly #parts: CheckParts
  readonly #refusals: Refusals
  #closed = false

  constructor(parts: CheckParts) {
    this.#parts = parts
    this.#refusals = parts.refusals
  }

  /** From now on nothing is admitted: what counters would take could not be saved any more. */
  close(): void {
    this.#closed = true
  }

  check(request: CheckRequest): Decision | Promise<Decision> {
    if (this.#closed) return retryable('overloaded')
    const presented = request.presentedKey
    if (presented === undefined) return this.#refusals.missingKey(request)
    const { format, cache, verifier } = this.#parts
    const key = cache.fresh(format.keyIdOf(presented))
    // Equal to a key that was verified, so its checksum is right, too, and need not be computed.
    if (key !== undefined && verifier.verifyKnown(key.record, presented) === 'match') {
      return this.#decide(key, request, MAX_RELOADS)
    }
    const parsed = format.parse(presented)
    if (parsed === undefined) return this.#refusals.badCredential(request, 'malformed', null)
    return this.#checkUnverified(request, presented, parsed.keyId)
  }

  /** The slow path: the address must still be welcome before anything is looked up or hashed. */
  async #checkUnverified(
    request: CheckRequest,
    presented: string,
    keyId: string,
  ): Promise<Decision> {
    const { cache, verifier } = this.#parts
    const known = cache.lastKnown(keyId)
    if (known === undefined || verifier.verifyKnown(known.record, presented) !== 'match') {
      const blocked = await this.#refusals.blocked(request)
      if (blocked !== undefined) return blocked
    }
    const key = cache.fresh(keyId) ?? (await cache.load(keyId))
    if (key === 'unavailable')
      return this.#refusals.uncharged(request, retryable('auth_unavailable'))
    if (key === 'unknown') return this.#refusals.badCredential(request, 'unknown', null)
    switch (verifier.verifyKnown(key.record, presented)) {
      case 'match':
        return this.#decide(key, request, MAX_RELOADS)
      case 'mismatch':
        return this.#refusals.badCredential(request, 'wrong_secret', keyId)
      case 'unknown':
        return this.#verifyFirst(key, request, presented)
    }
  }

  /** A key that this process has not verified yet. Its state is looked at first: no hash for those. */
  async #verifyFirst(key: CachedKey, request: CheckRequest, presented: string): Promise<Decision> {
    const { format, verifier, clock, onRehash } = this.#parts
    const { record } = key
    const status = keyStatusAt(record, clock.wallMs())
    if (status !== 'active') return this.#refusals.badCredential(request, status, record.keyId)
    const secret = format.secretOf(presented)
    const verdict = await verifier.verifyFirst(record, presented, secret)
    if (verdict.result === 'overloaded') {
      return this.#refusals.uncharged(request, retryable('overloaded'))
    }
    if (verdict.result === 'mismatch') {
      return this.#refusals.badCredential(request, 'wrong_secret', record.keyId)
    }
    if (verdict.needsRehash) onRehash(key, secret)
    return this.#decide(key, request, MAX_RELOADS)
  }

  /** Everything after the secret is known to be right. */
  #decide(key: CachedKey, request: CheckRequest, reloads: number): Decision | Promise<Decision> {
    if (this.#closed) return retryable('overloaded')
    const { record } = key
    if (record.status !== 'active' || record.expiresAtMs !== null) {
      const status = keyStatusAt(record, this.#parts.clock.wallMs())
      if (status !== 'active') return this.#refusals.endedKey(request, status, record.keyId)
    }
    const denied = deniedByRights(key, request)
    if (denied !== undefined) return this.#refusals.uncharged(request, denied)
    if (!key.tierIsKnown)
      return this.#refusals.uncharged(request, this.#refusals.withoutTier(key.record, request))
    try {
      const outcome = this.#parts.counters.consume({
        charges: this.#chargesOf(key, request),
        key: record,
      })
      return outcome instanceof Promise
        ? outcome.then(
            (settled) => this.#conclude(key, request, settled, reloads),
            (error: unknown) => this.#refusals.limiterFailed(request, error),
          )
        : this.#conclude(key, request, outcome, reloads)
    } catch (error) {
      return this.#refusals.limiterFailed(request, error)
    }
  }

  /** The key, then the route, then the address; `#conclude` relies on the order. */
  #chargesOf(key: CachedKey, request: CheckRequest): Charge[] {
    const { cost = 1, route, routeOnly = false } = request
    const charges: Charge[] = []
    if (!routeOnly) charges.push(cost === 1 ? key.charge : { ...key.charge, cost })
    if (route !== undefined) {
      const subject = routeSubject(key.record.keyId, route.id)
      charges.push({ subject, limits: route.limits, cost })
    }
    const address = routeOnly ? undefined : this.#parts.addresses.chargeFor(request.address)
    if (address !== undefined) charges.push(address)
    return charges
  }

  #conclude(
    key: CachedKey,
    request: CheckRequest,
    outcome: ConsumeOutcome,
    reloads: number,
  ): Decision | Promise<Decision> {
    if (outcome.kind === 'stale-key') return this.#decideAgain(key, request, reloads)
    if (outcome.kind === 'unseeded') return retryable('limiter_unavailable')
    const { route, routeOnly = false } = request
    const ownCharges = (routeOnly ? 0 : 1) + (route === undefined ? 0 : 1)
    const [first = NO_LIMITS, second = NO_LIMITS] = outcome.limits
    const limits = ownCharges === 2 ? first.concat(second) : ownCharges === 1 ? first : NO_LIMITS
    if (outcome.kind === 'admitted') {
      // An outer check has counted this request, as it has charged it.
      if (!routeOnly) {
        this.#parts.activity.record(key.record.keyId, request.clientIp ?? request.address)
      }
      return {
        allowed: true,
        identity: key.identity,
        limits,
        receipt: outcome.receipt,
        mustSettle: !routeOnly && key.charge.maxConcurrent !== undefined,
      } satisfies Allowed
    }
    const isAddress = outcome.chargeIndex >= ownCharges
    const shown = isAddress ? (outcome.limits[outcome.chargeIndex] ?? NO_LIMITS) : limits
    const code = outcome.reason === 'concurrency' ? 'concurrency_limited' : 'rate_limited'
    return this.#refusals.overLimit(request, code, { outcome, limits: shown }, key.record.keyId)
  }

  /** The counters know of a newer version: someone changed the key since it was cached. */
  async #decideAgain(key: CachedKey, request: CheckRequest, reloads: number): Promise<Decision> {
    const { cache, verifier } = this.#parts
    cache.invalidate(key.record.keyId)
    const newer = reloads > 0 ? await cache.load(key.record.keyId) : 'unavailable'
    if (newer === 'unavailable') return retryable('auth_unavailable')
    const presented = request.presentedKey ?? ''
    if (newer === 'unknown' || verifier.verifyKnown(newer.record, presented) === 'mismatch') {
      return this.#refusals.endedKey(request, 'revoked', key.record.keyId)
    }
    return this.#decide(newer, request, reloads - 1)
  }

  /** Counts a request that never got as far as a check. */
  countRefused(
    address: string | undefined,
    requestId: string,
  ): Denied | undefined | Promise<Denied | undefined> {
    return this.#closed ? retryable('overloaded') : this.#refusals.unchecked(address, requestId)
  }
}
