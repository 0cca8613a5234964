/**
 * The spend ledger: the durable record of money. Counters decide, and may be lost; this may not.
 *
 * A call is opened with its worst case before it is sent to the upstream, and settled once its cost is
 * known. Settled amounts are kept as sums by minute, key and model; only open calls have rows of their
 * own. One whose process died is charged in full once its lease is over, because nobody can know what
 * the upstream produced.
 */
import type { AuditEntry } from '../audit.ts'
import type { Amount, TokenUsage } from '../spend/amount.ts'
import type { SetCaps, SpendScope } from '../spend/caps.ts'
import type { SpendSeed } from './counters.ts'

export interface SpendReservation {
  /** Unique for good; the hold's. */
  readonly id: string
  readonly keyId: string
  /** null where the call names none. */
  readonly model: string | null
  /** When it was admitted, in counters' time: the minute and month that it belongs to. */
  readonly atMs: number
  /** The worst case. */
  readonly amount: Amount
  /** Wall time; renewed while the call runs. */
  readonly leaseUntilMs: number
}

export interface SpendSettlement {
  readonly id: string
  readonly amount: Amount
  readonly usage: TokenUsage
  /** More of a call that counts as a request by another id. */
  readonly isExtension?: boolean
}

/** What was asked about the past. Everything is optional and narrows. */
export interface SpendQuery {
  /** Calls admitted at this time or later; whole minutes. */
  readonly sinceMs?: number
  readonly untilMs?: number
  readonly keyId?: string
  readonly ownerEmail?: string
  readonly tier?: string
  readonly model?: string
}

export interface SpendLine {
  /** The key_id, owner, model (empty where none was named) or day (`2026-11-26`, UTC). */
  readonly name: string
  readonly requests: number
  readonly usage: TokenUsage
  readonly microUsd: number
}

export interface SpendReport {
  readonly total: SpendLine
  /** Held by calls that run now. */
  readonly reservedMicroUsd: number
  /** Dearest first; `byDay` oldest first. */
  readonly byKey: readonly SpendLine[]
  readonly byOwner: readonly SpendLine[]
  readonly byModel: readonly SpendLine[]
  readonly byDay: readonly SpendLine[]
}

/** Sums of one minute as they are copied to another store. */
export interface SpendSum {
  readonly startMs: number
  readonly keyId: string
  readonly model: string
  readonly requests: number
  readonly usage: TokenUsage
  readonly amount: Amount
}

export interface SpendReset {
  readonly scope: SpendScope
  readonly atMs: number
  /** Of the minute of the reset: what had been settled by then. */
  readonly before: Amount
}

export interface Ledger {
  /** All of them or none. Rejects with `conflict` for an id that is open, or expired within a day. */
  openSpend(reservations: readonly SpendReservation[]): Promise<void>
  /** Those that are not open any more are passed over. */
  renewSpend(ids: readonly string[], leaseUntilMs: number): Promise<void>
  /**
   * Idempotent by id: the first settlement counts. One that comes after the reservation has expired
   * corrects what was charged then, for a day. Unknown ids change nothing. Resolves with how many
   * counted.
   */
  settleSpend(settlements: readonly SpendSettlement[]): Promise<number>
  /**
   * Charges in full what was not renewed until `nowMs`, at most 1,000 at once, each with one audit
   * entry `spend.expired` made by `auditOf` in the same change. Resolves with those, the longest
   * expired first.
   */
  expireSpend(
    nowMs: number,
    auditOf: (reservation: SpendReservation) => AuditEntry,
  ): Promise<readonly SpendReservation[]>
  /**
   * What counters have to know of a scope, as it is at one moment. A reset hides what was settled
   * before it, and all of calls that were admitted in an earlier minute and are settled later.
   */
  seedSpend(scope: SpendScope, nowMs: number): Promise<Omit<SpendSeed, 'subject' | 'readAtMs'>>
  reportSpend(query: SpendQuery): Promise<SpendReport>
  /** From now on the scope has spent nothing; reports still tell what it had. Calls that run stay held. */
  resetSpend(scope: SpendScope, atMs: number, audit: AuditEntry): Promise<void>
  /** null: as configured again. */
  setSpendCaps(scope: SpendScope, caps: SetCaps | null, audit: AuditEntry): Promise<void>
  listSpendCaps(): Promise<readonly SetCaps[]>
  /** For a copy; sums after this one (by startMs, keyId, model), 1 to 1,000. */
  listSpendSums(page: {
    readonly after?: SpendSum
    readonly pageSize: number
  }): Promise<readonly SpendSum[]>
  /** Those that are open, by id. */
  listSpendReservations(): Promise<readonly SpendReservation[]>
  listSpendResets(): Promise<readonly SpendReset[]>
}
