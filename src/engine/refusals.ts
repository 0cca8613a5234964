/**
 * How a check refuses: what is counted against the client's address, what the audit log gets, and
 * the denial that comes out.
 *
 * Each refused request counts once for its address: with the charges of its key where those were
 * asked for, here where they were not. A credential that proves nothing counts as a failure as well.
 * An address that is over its limit is told so instead. Counters that fail make a denial, too, and so
 * does a ledger that fails for what costs money: a check never rejects because of them. Both are
 * `limiter_unavailable`: the key is known, but whether it may spend is not.
 */
import type { DenialCode, Denied } from '../core/decision.ts'
import { CountersUnavailableError, LockgateError } from '../core/errors.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { Refused } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { AddressGuard, AddressRefusal } from './address-guard.ts'
import type { AuditJournal, RefusalRecord } from './audit-journal.ts'
import type { CheckRequest } from './gate.ts'
import { LedgerUnavailableError } from './spend/ledger-unavailable.ts'

/** What to wait after a failure that should pass by itself. */
const RETRY_SECONDS = 1
export const NO_LIMITS: readonly LimitStatus[] = Object.freeze([])

export interface RefusalParts {
  readonly addresses: AddressGuard
  readonly journal: AuditJournal
  readonly log: Logger
  readonly actor: string
}

export class Refusals {
  readonly #parts: RefusalParts

  constructor(parts: RefusalParts) {
    this.#parts = parts
  }

  /** No credential at all is not a guess: it counts as a request of its address, no more. */
  missingKey(request: CheckRequest): Promise<Denied> {
    const missing: Denied = { allowed: false, code: 'missing_key', limits: NO_LIMITS }
    return this.uncharged(request, missing)
  }

  /** A credential that proves nothing: it may be a guess, so it counts as a failure too. */
  badCredential(request: CheckRequest, reason: string, keyId: string | null): Promise<Denied> {
    return this.#invalidKey(request, this.#parts.addresses.countFailure, reason, keyId)
  }

  /** The right secret of a key that has ended: not a guess. The answer is the same 401. */
  endedKey(request: CheckRequest, reason: string, keyId: string): Promise<Denied> {
    return this.#invalidKey(request, this.#parts.addresses.countRequest, reason, keyId)
  }

  async #invalidKey(
    request: CheckRequest,
    count: AddressGuard['countRequest'],
    reason: string,
    keyId: string | null,
  ): Promise<Denied> {
    const over = await this.#overAddress(request, count, keyId)
    if (over !== undefined) return over
    this.#record('auth.failed', request, keyId, reason)
    return { allowed: false, code: 'invalid_key', limits: NO_LIMITS }
  }

  /** Whether the address has used up its bad credentials. Counts nothing. */
  blocked(request: CheckRequest): Promise<Denied | undefined> {
    return this.#overAddress(request, this.#parts.addresses.failuresRefusal, null)
  }

  /** A refusal that no limit of a key pays for is still one of all requests of its address. */
  async uncharged(request: CheckRequest, denied: Denied): Promise<Denied> {
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
      return over && this.overLimit(request, over.code, over, keyId)
    } catch (error) {
      return this.limiterFailed(request, error)
    }
  }

  overLimit(
    request: CheckRequest,
    code: 'rate_limited' | 'too_many_failures' | 'concurrency_limited' | 'spend_exceeded',
    refusal: { readonly outcome: Refused; readonly limits: readonly LimitStatus[] },
    keyId: string | null,
  ): Denied {
    const { limitName, retryAfterMs } = refusal.outcome
    const event = code === 'spend_exceeded' ? 'spend.exceeded' : 'limit.exceeded'
    this.#record(event, request, keyId, limitName)
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
  unchecked(
    address: string | undefined,
    requestId: string,
  ): Denied | undefined | Promise<Denied | undefined> {
    const request = { presentedKey: undefined, address, requestId }
    const refusal = (over: AddressRefusal | undefined): Denied | undefined =>
      over && this.overLimit(request, over.code, over, null)
    const failed = (error: unknown): Denied => this.limiterFailed(request, error)
    try {
      const over = this.#parts.addresses.countRequest(address)
      return over instanceof Promise ? over.then(refusal, failed) : refusal(over)
    } catch (error) {
      return failed(error)
    }
  }

  /** Without its tier a key would have no limits at all, so it gets nothing until there is one. */
  withoutTier({ keyId, tier }: KeyRecord, { requestId }: CheckRequest): Denied {
    const fields = { key_id: keyId, tier, request_id: requestId }
    this.#parts.log.error(fields, 'a key names a tier that the configuration does not have')
    return retryable('limiter_unavailable')
  }

  limiterFailed(request: CheckRequest, error: unknown): Denied {
    if (error instanceof LockgateError && error.code === 'invalid_field') {
      return { allowed: false, code: 'invalid_field', message: error.message, limits: NO_LIMITS }
    }
    // An outage is told of when it begins and ends, not at each request.
    const level = isOutage(error) ? 'debug' : 'error'
    this.#parts.log[level]({ err: error, request_id: request.requestId }, 'the counters failed')
    return retryable('limiter_unavailable')
  }

  #record(
    event: RefusalRecord['event'],
    request: CheckRequest,
    keyId: string | null,
    reason: string,
  ): void {
    const { address = null, requestId } = request
    const { journal, actor } = this.#parts
    journal.record({ event, keyId, address, requestId, reason, actor })
  }
}

const isOutage = (error: unknown): boolean =>
  error instanceof CountersUnavailableError || error instanceof LedgerUnavailableError

/** A failure that is no fault of the client: ask again. */
export function retryable(
  code: Extract<DenialCode, `${string}_unavailable` | 'overloaded'>,
): Denied {
  return { allowed: false, code, retryAfterSeconds: RETRY_SECONDS, limits: NO_LIMITS }
}
