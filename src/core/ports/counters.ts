/**
 * The Counters port: fast usage state (windows, requests in flight, key versions).
 *
 * Every method is one atomic intent. Either all charges of a call are taken or none is; a refusal
 * changes nothing. Counters supply their own time (memory: an injected monotonic clock; a shared
 * server: its own), so two callers never disagree about a window.
 *
 * A denial is a value. An exception means that the counters failed.
 */
import type { Limit, LimitStatus } from '../limits/limit.ts'

/** What one request takes from one subject. */
export interface Charge {
  /** An injective name, made by `subjectOf`; one sliding log per subject serves all its limits. */
  readonly subject: string
  /** Checked together. The same frozen array for the same tier lets an implementation cache by identity. */
  readonly limits: readonly Limit[]
  /** Units taken from each limit: a safe integer of at least 1, at most the smallest quota. */
  readonly cost: number
  /** At most this many unsettled receipts for the subject; absent means no cap. */
  readonly maxConcurrent?: number
}

export interface ConsumeRequest {
  readonly charges: readonly Charge[]
  /** The key and the version the caller decided on. */
  readonly key?: { readonly keyId: string; readonly version: number }
}

/** Proof of an admission. Opaque to callers; settles once, later calls change nothing. */
export interface Receipt {
  readonly atMs: number
  readonly charges: readonly Charge[]
}

export interface Admitted {
  readonly kind: 'admitted'
  readonly receipt: Receipt
  /** One list per charge, in the order asked, as it stands after the charge. */
  readonly limits: readonly (readonly LimitStatus[])[]
}

export interface Refused {
  readonly kind: 'refused'
  readonly reason: 'limit' | 'concurrency'
  /** Index of the charge that was refused; with several, the one with the longest wait. */
  readonly chargeIndex: number
  /** The violated limit with the longest wait; `concurrency` for the cap on requests in flight. */
  readonly limitName: string
  /**
   * ms from which on the same request is admitted, if nothing else is charged meanwhile: the longest
   * wait over all limits of all charges, and it stays admitted after it. At least 1.
   */
  readonly retryAfterMs: number
  readonly limits: readonly (readonly LimitStatus[])[]
}

/** The counters know a newer version of the key: reload it and decide again. Nothing was charged. */
export interface StaleKey {
  readonly kind: 'stale-key'
  readonly version: number
}

export type ConsumeOutcome = Admitted | Refused | StaleKey

export interface Counters {
  consume(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome>
  /** The outcome that `consume` would have, charging nothing. Its `limits` are as they stand now. */
  peek(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome>
  /**
   * Ends an admitted request: frees its place in flight and corrects its cost.
   * `actualCosts[i]` replaces the cost of charge i: less gives the rest back, more is charged even
   * above the quota, 0 undoes it. Absent: the costs stand. Idempotent per receipt.
   */
  settle(receipt: Receipt, actualCosts?: readonly number[]): void | Promise<void>
  /** Records that a key changed. Versions only grow; a smaller one is ignored. */
  setKeyVersion(keyId: string, version: number): void | Promise<void>
  close(): void | Promise<void>
}

/**
 * One subject's usage as it is checkpointed. `admissions` are only those since the last checkpoint,
 * so that a checkpoint costs the same per admission however long the window is.
 */
export interface UsageDelta {
  readonly subject: string
  /** Times in ms, ascending, one entry per unit of cost. Empty when only `meters` changed. */
  readonly admissionsMs: readonly number[]
  /** When the newest of these admissions leaves the longest window; prune after it. */
  readonly expiresAtMs: number
  /** Scalar state of the other algorithms and of bursts, by limit name; replaces what was saved. */
  readonly meters: Readonly<Record<string, readonly number[]>>
}

/** Counters that live in one process and are saved in the store each second. */
export interface CheckpointedCounters extends Counters {
  /** What changed since the last call; the caller saves it. */
  takeUsage(): UsageDelta[]
  /** Loads saved usage at start, oldest first. Times in the future are taken as now. */
  restoreUsage(usage: Iterable<UsageDelta>): void
}

/** What one instance admitted by itself while the shared counters could not be reached. */
export interface LocalUsage {
  readonly subject: string
  /** The limits it was charged to: those that all instances share, not one instance's part. */
  readonly limits: readonly Limit[]
  /** How long ago each unit was admitted, in whole ms, oldest first; one entry per unit. */
  readonly agesMs: readonly number[]
}

/**
 * Counters on a server that many instances share. Calls have no deadline of their own and are never
 * repeated; one that fails rejects with a `CountersUnavailableError`.
 */
export interface SharedCounters extends Counters {
  /** Resolves once every server that holds counters answers and takes writes. */
  probe(): Promise<void>
  /** Keeps this instance known as alive for `leaseMs`; resolves with all that are, sorted. */
  heartbeat(instanceId: string, leaseMs: number): Promise<readonly string[]>
  /**
   * Adds units that were admitted elsewhere, whether they fit or not. What is older than the newest
   * unit that is known there counts as of that one: a little longer, never shorter.
   */
  merge(usage: readonly LocalUsage[]): Promise<void>
}
