/**
 * The decision on one request: DESIGN's steps from address to limits, in this order:
 *
 *   parse and checksum (no I/O) → key from cache or store → secret → state → scope → address →
 *   one atomic `consume` of the address's and the key's limits, with the key's version in it.
 *
 * Two paths lead to the same `#decide`. Fast: the key is cached, fresh, and its secret was verified
 * before; nothing is awaited. Slow: everything else, and only there are bad credentials counted. An
 * address that is blocked for bad credentials still gets in with a key this process has verified, so
 * that a guesser does not lock out the customers behind the same address.
 */
import type { Allowed, Decision, DenialCode, Denied } from '../core/decision.ts'
import { LockgateError } from '../core/errors.ts'
import type { KeyFormat } from '../core/key/format.ts'
import { keyStatusAt } from '../core/key/key-record.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Charge, ConsumeOutcome, Counters, Refused } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import { routeSubject } from '../core/subject.ts'
import type { AddressGuard, AddressRefusal } from './address-guard.ts'
import type { AuditJournal } from './audit-journal.ts'
import type { CachedKey } from './cached-key.ts'
import type { CheckRequest } from './gate.ts'
import type { KeyCache } from './key-cache.ts'
import type { SecretVerifier } from './secrets/verifier.ts'

/** A reload after a stale version is decided again at most this often; versions only grow. */
const MAX_RELOADS = 3
/** What to wait after a failure that should pass by itself. */
const RETRY_SECONDS = 1
const NO_LIMITS: readonly LimitStatus[] = Object.freeze([])

export interface CheckParts {
  readonly format: KeyFormat
  readonly cache: KeyCache
  readonly verifier: SecretVerifier
  readonly counters: Counters
  readonly addresses: AddressGuard
  readonly journal: AuditJournal
  readonly clock: Clock
  readonly log: Logger
  readonly actor: string
  readonly onRehash: (key: CachedKey, secret: string) => void
}

export class Checker {
  readonly #parts: CheckParts
  #closed = false

  constructor(parts: CheckParts) {
    this.#parts = parts
  }

  /** From now on nothing is admitted: what counters would take could not be saved any more. */
  close(): void {
    this.#closed = true
  }

  check(request: CheckRequest): Decision | Promise<Decision> {
    if (this.#closed) return retryable('overloaded')
    const presented = request.presentedKey
    if (presented === undefined) return this.#refuseMissing(request)
    const { format, cache, verifier } = this.#parts
    const key = cache.fresh(format.keyIdOf(presented))
    // Equal to a key that was verified, so its checksum is right, too, and need not be computed.
    if (key !== undefined && verifier.verifyKnown(key.record, presented) === 'match') {
      return this.#decide(key, request, MAX_RELOADS)
    }
    const parsed = format.parse(presented)
    if (parsed === undefined) return this.#refuseCredential(request, 'malformed', null)
    return this.#checkUnverified(request, presented, parsed.keyId)
  }

  /** The slow path: the address must still be welcome before anything is looked up or hashed. */
  async #checkUnverified(
    request: CheckRequest,
    presented: string,
    keyId: string,
  ): Promise<Decision> {
    const { cache, verifier, addresses } = this.#parts
    const known = cache.lastKnown(keyId)
    if (known === undefined || verifier.verifyKnown(known.record, presented) !== 'match') {
      const blocked = await addresses.failuresRefusal(request.address)
      if (blocked !== undefined) return this.#refuse(request, blocked.code, blocked, null)
    }
    const key = cache.fresh(keyId) ?? (await cache.load(keyId))
    if (key === 'unavailable') return this.#refuseUncharged(request, retryable('auth_unavailable'))
    if (key === 'unknown') return this.#refuseCredential(request, 'unknown', null)
    switch (verifier.verifyKnown(key.record, presented)) {
      case 'match':
        return this.#decide(key, request, MAX_RELOADS)
      case 'mismatch':
        return this.#refuseCredential(request, 'wrong_secret', keyId)
      case 'unknown':
        return this.#verifyFirst(key, request, presented)
    }
  }

  /** A key that this process has not verified yet. Its state is looked at first: no hash for those. */
  async #verifyFirst(key: CachedKey, request: CheckRequest, presented: string): Promise<Decision> {
    const { format, verifier, clock, onRehash } = this.#parts
    const { record } = key
    const status = keyStatusAt(record, clock.wallMs())
    if (status !== 'active') return this.#refuseCredential(request, status, record.keyId)
    const secret = format.secretOf(presented)
    const verdict = await verifier.verifyFirst(record, presented, secret)
    if (verdict.result === 'overloaded') {
      return this.#refuseUncharged(request, retryable('overloaded'))
    }
    if (verdict.result === 'mismatch') {
      return this.#refuseCredential(request, 'wrong_secret', record.keyId)
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
      if (status !== 'active') return this.#refuseEnded(request, status, record.keyId)
    }
    const denied = deniedByRights(key, request)
    if (denied !== undefined) return this.#refuseUncharged(request, denied)
    if (!key.tierIsKnown) return this.#refuseUncharged(request, this.#withoutTier(key, request))
    try {
      const outcome = this.#parts.counters.consume({
        charges: this.#chargesOf(key, request),
        key: record,
      })
      return outcome instanceof Promise
        ? outcome.then(
            (settled) => this.#conclude(key, request, settled, reloads),
            (error: unknown) => this.#limiterFailed(request, error),
          )
        : this.#conclude(key, request, outcome, reloads)
    } catch (error) {
      return this.#limiterFailed(request, error)
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
    const { route, routeOnly = false } = request
    const ownCharges = (routeOnly ? 0 : 1) + (route === undefined ? 0 : 1)
    const [first = NO_LIMITS, second = NO_LIMITS] = outcome.limits
    const limits = ownCharges === 2 ? first.concat(second) : ownCharges === 1 ? first : NO_LIMITS
    if (outcome.kind === 'admitted') {
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
    return this.#refuse(request, code, { outcome, limits: shown }, key.record.keyId)
  }

  /** The counters know of a newer version: someone changed the key since it was cached. */
  async #decideAgain(key: CachedKey, request: CheckRequest, reloads: number): Promise<Decision> {
    const { cache, verifier } = this.#parts
    cache.invalidate(key.record.keyId)
    const newer = reloads > 0 ? await cache.load(key.record.keyId) : 'unavailable'
    if (newer === 'unavailable') return retryable('auth_unavailable')
    const presented = request.presentedKey ?? ''
    if (newer === 'unknown' || verifier.verifyKnown(newer.record, presented) === 'mismatch') {
      return this.#refuseEnded(request, 'revoked', key.record.keyId)
    }
    return this.#decide(newer, request, reloads - 1)
  }

  /** No credential at all is not a guess: it counts as a request of its address, no more. */
  #refuseMissing(request: CheckRequest): Promise<Decision> {
    const missing: Denied = { allowed: false, code: 'missing_key', limits: NO_LIMITS }
    return this.#refuseUncharged(request, missing)
  }

  /** A credential that proves nothing: it may be a guess, so it counts as a failure too. */
  #refuseCredential(
    request: CheckRequest,
    reason: string,
    keyId: string | null,
  ): Promise<Decision> {
    return this.#refuseInvalid(request, this.#parts.addresses.countFailure, reason, keyId)
  }

  /** The right secret of a key that has ended: not a guess. The answer is the same 401. */
  #refuseEnded(request: CheckRequest, reason: string, keyId: string): Promise<Decision> {
    return this.#refuseInvalid(request, this.#parts.addresses.countRequest, reason, keyId)
  }

  async #refuseInvalid(
    request: CheckRequest,
    count: AddressGuard['countRequest'],
    reason: string,
    keyId: string | null,
  ): Promise<Decision> {
    const over = await this.#overAddress(request, count, keyId)
    if (over !== undefined) return over
    this.#record('auth.failed', request, keyId, reason)
    return { allowed: false, code: 'invalid_key', limits: NO_LIMITS }
  }

  /** A refusal that no limit of a key pays for is still one of all requests of its address. */
  async #refuseUncharged(request: CheckRequest, denied: Denied): Promise<Decision> {
    if (request.routeOnly === true) return denied
    const { countRequest } = this.#parts.addresses
    return (await this.#overAddress(request, countRequest, denied.keyId ?? null)) ?? denied
  }

  async #overAddress(
    request: CheckRequest,
    count: AddressGuard['countRequest'],
    keyId: string | null,
  ): Promise<Denied | undefined> {
    try {
      const over = await count(request.address)
      return over && this.#refuse(request, over.code, over, keyId)
    } catch (error) {
      return this.#limiterFailed(request, error)
    }
  }

  #refuse(
    request: CheckRequest,
    code: 'rate_limited' | 'too_many_failures' | 'concurrency_limited',
    refusal: { readonly outcome: Refused; readonly limits: readonly LimitStatus[] },
    keyId: string | null,
  ): Denied {
    const { limitName, retryAfterMs } = refusal.outcome
    this.#record('limit.exceeded', request, keyId, limitName)
    return {
      allowed: false,
      code,
      limits: refusal.limits,
      limitName,
      retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
      ...(keyId === null ? {} : { keyId }),
    }
  }

  /** Counts a request that never got as far as a check. */
  refuseUnchecked(
    address: string | undefined,
    requestId: string,
  ): Denied | undefined | Promise<Denied | undefined> {
    if (this.#closed) return retryable('overloaded')
    const request = { presentedKey: undefined, address, requestId }
    const refusal = (over: AddressRefusal | undefined): Denied | undefined =>
      over && this.#refuse(request, over.code, over, null)
    const over = this.#parts.addresses.countRequest(address)
    return over instanceof Promise ? over.then(refusal) : refusal(over)
  }

  #record(
    event: 'limit.exceeded' | 'auth.failed',
    request: CheckRequest,
    keyId: string | null,
    reason: string,
  ): void {
    const { address = null, requestId } = request
    const { journal, actor } = this.#parts
    journal.record({ event, keyId, address, requestId, reason, actor })
  }

  /** Without its tier a key would have no limits at all, so it gets nothing until there is one. */
  #withoutTier({ record }: CachedKey, { requestId }: CheckRequest): Denied {
    const { keyId, tier } = record
    const fields = { key_id: keyId, tier, request_id: requestId }
    this.#parts.log.error(fields, 'a key names a tier that the configuration does not have')
    return retryable('limiter_unavailable')
  }

  #limiterFailed(request: CheckRequest, error: unknown): Denied {
    if (error instanceof LockgateError && error.code === 'invalid_field') {
      return { allowed: false, code: 'invalid_field', message: error.message, limits: NO_LIMITS }
    }
    this.#parts.log.error({ err: error, request_id: request.requestId }, 'the counters failed')
    return retryable('limiter_unavailable')
  }
}

function deniedByRights(key: CachedKey, request: CheckRequest): Denied | undefined {
  const { scope } = request
  const { keyId } = key.record
  if (scope !== undefined && !key.scopes.has(scope)) {
    return { allowed: false, code: 'insufficient_scope', scope, keyId, limits: NO_LIMITS }
  }
  if (key.allowedAddresses !== undefined) {
    const ip = request.clientIp ?? request.address
    const family = ip?.includes(':') ? 'ipv6' : 'ipv4'
    if (ip === undefined || !key.allowedAddresses.check(ip, family)) {
      return { allowed: false, code: 'ip_not_allowed', keyId, limits: NO_LIMITS }
    }
  }
  return undefined
}

function retryable(code: Extract<DenialCode, `${string}_unavailable` | 'overloaded'>): Denied {
  return { allowed: false, code, retryAfterSeconds: RETRY_SECONDS, limits: NO_LIMITS }
}
