/**
 * The decision on one request: whose it is (`recognition.ts`), then one atomic `consume` of the limits of
 * key, route and address, with the key's version in it. A call that costs money takes its worst case from
 * all spend caps in the same step (`spend/holds.ts`), and is then written to the ledger.
 */
import type { Allowed, Decision, Denied, Identity, Reservation } from '../core/decision.ts'
import type { Admitted, Charge, ConsumeOutcome, Counters } from '../core/ports/counters.ts'
import { routeSubject } from '../core/subject.ts'
import type { ActivityRecorder } from './activity/activity-recorder.ts'
import type { AddressGuard } from './address-guard.ts'
import type { CachedKey } from './cached-key.ts'
import type { CheckRequest, SpendIntent } from './gate.ts'
import { Recognition, type RecognitionParts, type Then } from './recognition.ts'
import { NO_LIMITS, type Refusals, retryable } from './refusals.ts'
import type { Holds } from './spend/holds.ts'

/** A reload after a stale version is decided again at most this often; versions only grow. */
const MAX_RELOADS = 3

export interface CheckParts extends RecognitionParts {
  readonly counters: Counters
  readonly addresses: AddressGuard
  readonly activity: Pick<ActivityRecorder, 'record'>
  /** undefined: nothing is metered, and what a request says of its cost is not looked at. */
  readonly holds: Holds | undefined
}

/** What counters, and for what costs money the ledger, have said. */
type Outcome =
  | Exclude<ConsumeOutcome, Admitted>
  | (Admitted & { readonly reservation?: Reservation })

export class Checker {
  readonly #parts: CheckParts
  readonly #refusals: Refusals
  readonly #recognition: Recognition
  #closed = false

  constructor(parts: CheckParts) {
    this.#parts = parts
    this.#refusals = parts.refusals
    this.#recognition = new Recognition(parts)
  }

  /** From now on nothing is admitted: what counters would take could not be saved any more. */
  close(): void {
    this.#closed = true
  }

  check(request: CheckRequest): Decision | Promise<Decision> {
    if (this.#closed) return retryable('overloaded')
    return this.#recognition.verify(request, this.#decideFirst)
  }

  /** The steps of a check up to the counters. What is refused here is counted as a check counts it. */
  recognise(request: CheckRequest): Identity | Denied | Promise<Identity | Denied> {
    if (this.#closed) return retryable('overloaded')
    return this.#recognition.verify(request, this.#nameOwner)
  }

  readonly #nameOwner: Then<Identity | Denied> = (key, request) =>
    this.#recognition.refusalOf(key, request) ?? key.identity

  readonly #decideFirst: Then<Decision> = (key, request) => this.#decide(key, request, MAX_RELOADS)

  /** Everything after the secret is known to be right. */
  #decide(key: CachedKey, request: CheckRequest, reloads: number): Decision | Promise<Decision> {
    if (this.#closed) return retryable('overloaded')
    const refusal = this.#recognition.refusalOf(key, request)
    if (refusal !== undefined) return refusal
    const { holds } = this.#parts
    if (request.spend !== undefined && holds !== undefined) {
      return this.#decideSpending(key, request, request.spend, holds, reloads)
    }
    try {
      const outcome = this.#parts.counters.consume({
        charges: this.#chargesOf(key, request),
        key: key.record,
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

  async #decideSpending(
    key: CachedKey,
    request: CheckRequest,
    intent: SpendIntent,
    holds: Holds,
    reloads: number,
  ): Promise<Decision> {
    const denied = holds.deniedModel(key.identity, intent)
    if (denied !== undefined) return this.#refusals.uncharged(request, denied)
    try {
      const beside = { charges: this.#chargesOf(key, request), key: key.record }
      const outcome = await holds.take(key.identity, intent, beside)
      return this.#conclude(key, request, outcome, reloads)
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
    outcome: Outcome,
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
      const { receipt, reservation } = outcome
      const { identity } = key
      if (reservation !== undefined) {
        return { allowed: true, identity, limits, receipt, mustSettle: true, reservation }
      }
      const mustSettle = !routeOnly && key.charge.maxConcurrent !== undefined
      return { allowed: true, identity, limits, receipt, mustSettle } satisfies Allowed
    }
    if (outcome.reason === 'cap') {
      const code = this.#parts.holds?.codeOf(key.identity, outcome) ?? 'spend_exceeded'
      return this.#refusals.overLimit(request, code, { outcome, limits }, key.record.keyId)
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
