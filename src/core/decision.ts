/**
 * The answer of a check: allowed, or denied with a reason. A denial is a value; an error is a
 * failure of Lockgate itself.
 */
import type { ErrorCode } from './errors.ts'
import type { KeyMode } from './key/key-record.ts'
import type { LimitStatus } from './limits/limit.ts'
import type { Receipt } from './ports/counters.ts'
import type { Amount, TokenUsage } from './spend/amount.ts'

/** Who a request comes from; what handlers and upstreams may know. Holds no secret. */
export interface Identity {
  readonly keyId: string
  /** The owner's e-mail address. */
  readonly owner: string
  /** The owner's id in your own system, if one was given. */
  readonly ownerExternalId: string | null
  readonly keyName: string | null
  readonly tier: string
  readonly scopes: readonly string[]
  readonly mode: KeyMode
}

export interface Allowed {
  readonly allowed: true
  readonly identity: Identity
  /** The key's limits after this request, then those of the route. */
  readonly limits: readonly LimitStatus[]
  /** What was taken; `gate.settle` ends it. */
  readonly receipt: Receipt
  /** True where `gate.settle` must be called at the end: a cap on requests in flight, a reservation. */
  readonly mustSettle: boolean
  /** What is held for the cost of the request; only where one was asked for. */
  readonly reservation?: Reservation
}

/**
 * A call whose cost is not known yet. Its worst case is counted against every cap, and is in the ledger,
 * until it is settled. One that nobody settles is charged in full, at most 60 s after `abandon` or the
 * end of the process.
 */
export interface Reservation {
  /** Unique for good. */
  readonly id: string
  /** What is held now, extensions included. */
  readonly held: Amount
  /**
   * Holds more, where it fits every cap. Resolves to false where it does not, or where nobody can tell;
   * the call must then not go on beyond what is held.
   */
  extend(more: Amount): Promise<boolean>
  /** The cost, once it is known, even above what was held. The first call counts. Never throws. */
  settle(amount: Amount, usage: TokenUsage): void
  /** Nobody will settle it: its lease is not renewed any more. */
  abandon(): void
}

/** The codes that a check can deny with. */
export type DenialCode = Extract<
  ErrorCode,
  | 'missing_key'
  | 'invalid_key'
  | 'insufficient_scope'
  | 'ip_not_allowed'
  | 'rate_limited'
  | 'too_many_failures'
  | 'concurrency_limited'
  | 'spend_exceeded'
  | 'model_not_allowed'
  | 'limiter_unavailable'
  | 'auth_unavailable'
  | 'overloaded'
  | 'invalid_field'
>

export interface Denied {
  readonly allowed: false
  readonly code: DenialCode
  /** Replaces the catalogue's message where more can be said. */
  readonly message?: string
  /** Whole seconds, at least 1; on every 429 and 503. */
  readonly retryAfterSeconds?: number
  /** The limits that were looked at, for the RateLimit headers; empty before any was. */
  readonly limits: readonly LimitStatus[]
  /** The name of the violated limit or cap, for `rate_limited` and `spend_exceeded`. */
  readonly limitName?: string
  /** The missing scope, for `insufficient_scope`. */
  readonly scope?: string
  /** The key, where it was verified. */
  readonly keyId?: string
}

export type Decision = Allowed | Denied
