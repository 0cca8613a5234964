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
import type { Amount } from '../spend/amount.ts'
import type { SpendCap } from '../spend/caps.ts'

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

/** The part of counters that knows of money. Without seeds nothing can be held. */
export interface SpendCounters {
  /** The counters' own time, in whole ms since the epoch. */
  nowMs(): number | Promise<number>
  /**
   * Replaces what is counted for these subjects by what the ledger knows, and keeps holds that are too
   * new to be in it: those taken less than a second before `readAtMs`, or later, that no seed has told
   * of. What was settled in the last ten seconds is remembered, because the ledger learns of it later: it
   * counts at its cost where the seed still tells of it as open, or was read before. A subject that was
   * seeded since `readAtMs` stays as it is, and so does a seeded one where that is five seconds ago or
   * more.
   */
  seed(seeds: readonly SpendSeed[]): void | Promise<void>
  /**
   * Ends a hold: `actual` is counted in its place, at the time of its admission, even above a cap; 0
   * gives all of it back. Idempotent by id; of an unknown hold it changes nothing.
   */
  settleHold(hold: TakenHold, actual: Amount): void | Promise<void>
  /** Where caps stand, one list per charge; a subject that is not seeded has used 0. */
  spendStatus(
    charges: readonly SpendCharge[],
  ): readonly (readonly CapStatus[])[] | Promise<readonly (readonly CapStatus[])[]>
}

/** A hold that was taken: what `settleHold` has to know. */
export interface TakenHold {
  readonly id: string
  /** `atMs` of the receipt. */
  readonly atMs: number
  readonly charges: readonly Pick<SpendCharge, 'subject'>[]
}

export interface ConsumeRequest {
  readonly charges: readonly Charge[]
  /** The key and the version the caller decided on. */
  readonly key?: { readonly keyId: string; readonly version: number }
  /** What is held until the cost of the request is known. Taken with the charges or not at all. */
  readonly hold?: Hold
}

/** What one hold takes from one subject. */
export interface SpendCharge {
  /** Made by `spendSubject`. */
  readonly subject: string
  /** The same frozen array for the same caps lets an implementation cache by identity. May be empty. */
  readonly caps: readonly SpendCap[]
}

/**
 * A reservation as counters know it: the worst case of a call, counted in full from its admission on
 * until `settleHold` corrects it. Counters never let go of one by themselves: the ledger does.
 */
export interface Hold {
  /** Unique for good. */
  readonly id: string
  readonly amount: Amount
  readonly charges: readonly SpendCharge[]
  /**
   * What was counted for a subject is believed only if it was seeded at this time or later (counters'
   * time); otherwise the outcome is `unseeded`.
   */
  readonly seededSinceMs: number
}

/** What the ledger knows of one subject; its open reservations are not in the sums. */
export interface SpendSeed {
  readonly subject: string
  /** Counters' time just before the ledger was read. */
  readonly readAtMs: number
  /** Settled, by minute: from the minute in which the sliding day began on. Times are starts of minutes. */
  readonly minutes: readonly (Amount & { readonly startMs: number })[]
  /** Settled since the month began. */
  readonly month: Amount & { readonly startMs: number }
  readonly open: readonly (Amount & { readonly id: string; readonly atMs: number })[]
}

/** Where one cap stands. */
export interface CapStatus {
  readonly cap: SpendCap
  /** Settled and held. */
  readonly used: number
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
  readonly reason: 'limit' | 'concurrency' | 'cap'
  /**
   * Index of the charge that was refused, among those of the hold for `cap`; with several, the one
   * with the longest wait.
   */
  readonly chargeIndex: number
  /** The violated limit or cap with the longest wait; `concurrency` for requests in flight. */
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

/** Nothing is known of these subjects' spend: `seed` them and ask again. Nothing was charged. */
export interface Unseeded {
  readonly kind: 'unseeded'
  readonly subjects: readonly string[]
}

/** Without a hold there is nothing else. */
export type LimitsOutcome = Admitted | Refused | StaleKey

export type ConsumeOutcome = LimitsOutcome | Unseeded

export interface Counters extends SpendCounters {
  consume(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome>
  /**
   * The outcome that `consume` would have, charging nothing. Its `limits` are as they stand now. A hold
   * is not looked at.
   */
  peek(request: ConsumeRequest): LimitsOutcome | Promise<LimitsOutcome>
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
