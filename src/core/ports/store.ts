/**
 * The Store port: durable data (keys, owners, audit, usage checkpoints).
 *
 * Every method is one atomic intent: it happened whole and will survive a crash when its promise
 * fulfils, or it changed nothing and rejects with a LockgateError (`not_found`, `conflict`,
 * `store_unavailable`). Lifecycle changes write their audit rows in the same transaction.
 */
import type { AuditEntry, AuditEvent, AuditHead, AuditRow } from '../audit.ts'
import type { KeyRecord, StoredKeyStatus } from '../key/key-record.ts'
import type { KeptMail } from '../mail.ts'
import type { SetCaps } from '../spend/caps.ts'
import type { Activity, KeyActivity } from './activity.ts'
import type { AuditCheckpoint, AuditRetention } from './audit-retention.ts'
import type { UsageDelta } from './counters.ts'
import type { Ledger, SpendReservation, SpendReset, SpendSum } from './ledger.ts'
import type { ExportedLink, Links } from './links.ts'
import type { Outbox } from './outbox.ts'

/** A key as it is first written. */
export type NewKey = Omit<KeyRecord, 'version' | 'status' | 'revokedAtMs'>

/** Makes a request that is sent again recognisable. */
export interface Idempotency {
  /** Chosen by whoever sends the request; kept as its SHA-256 only. */
  readonly key: string
  /** Of what the request asks for; the same for the same request. */
  readonly digest: string
}

/** One legal change of a key. A revoked key never changes again. */
export type KeyChange =
  | { readonly kind: 'revoke'; readonly atMs: number }
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  /** The stored hash is renewed with current parameters, only while it is still `from`. */
  | { readonly kind: 'rehash'; readonly from: string; readonly to: string }

export interface KeyQuery {
  readonly ownerEmail?: string
  readonly tier?: string
  readonly status?: StoredKeyStatus
  /** Only keys whose expiry is at this time or before it. */
  readonly expiresUntilMs?: number
  /** Only keys that do not expire, or expire after this time. */
  readonly expiresAfterMs?: number
  /** Only keys that were used at this time or later. */
  readonly usedSinceMs?: number
  /** Only keys that were not used since this time, or never. */
  readonly unusedSinceMs?: number
  /** Only keys that were (true) or were not (false) replaced by rotation. */
  readonly isRotated?: boolean
  /** Only keys created before this one (by creation time, then key_id): the cursor. */
  readonly after?: string
  /** 1 to 1,000. */
  readonly pageSize: number
}

export interface AuditQuery {
  readonly keyId?: string
  readonly event?: AuditEvent
  /** Rows of any of these events; narrows what `event` leaves. */
  readonly events?: readonly AuditEvent[]
  readonly actor?: string
  readonly address?: string
  readonly sinceMs?: number
  /** Rows before this time. */
  readonly untilMs?: number
  /** Rows with a larger position than this, oldest first: the cursor of `tail` and of `verify`. */
  readonly afterPosition?: number
  /** 1 to 10,000. */
  readonly pageSize: number
}

/** A row and its position in the store (grows with every append, across chains). */
export interface PositionedAuditRow {
  readonly position: number
  readonly row: AuditRow
}

/** A part of another store's data, as it is kept there. */
export interface ImportedBatch {
  readonly keys?: readonly KeyRecord[]
  /** All batches together: in the order of their positions. */
  readonly audit?: readonly AuditRow[]
  /** All batches together: oldest first. */
  readonly usage?: readonly UsageDelta[]
  /** Where chains begin whose first rows are gone. Before any audit row. */
  readonly checkpoints?: readonly AuditCheckpoint[]
  readonly links?: readonly ExportedLink[]
  readonly mail?: readonly KeptMail[]
  readonly activity?: readonly KeyActivity[]
  readonly spendSums?: readonly SpendSum[]
  readonly spendReservations?: readonly SpendReservation[]
  readonly spendResets?: readonly SpendReset[]
  readonly spendCaps?: readonly SetCaps[]
}

export interface Store extends Activity, AuditRetention, Ledger, Links, Outbox {
  /**
   * Writes a key with version 1 and its audit entry. Rejects with `conflict` if key_id is taken.
   *
   * With `idempotency`, a request that is sent again within 24 hours (by the keys' creation times)
   * changes nothing and resolves to the key that was made first, which tells by its keyId. The same
   * idempotency key with another digest rejects with `idempotency_conflict`.
   */
  insertKey(key: NewKey, audit: AuditEntry, idempotency?: Idempotency): Promise<KeyRecord>
  findKey(keyId: string): Promise<KeyRecord | undefined>
  /** Newest first. */
  listKeys(query: KeyQuery): Promise<readonly KeyRecord[]>
  /**
   * Applies one change, adds 1 to the version, and appends the audit entry (none for `rehash`).
   * A change that changes nothing (revoking a revoked key, enabling an active one) returns the
   * record as it is, without a new version or audit row. Rejects with `not_found`, or with
   * `conflict` when a revoked key is enabled or disabled.
   */
  changeKey(keyId: string, change: KeyChange, audit: AuditEntry | null): Promise<KeyRecord>
  /**
   * Inserts `replacement` and lets the old key end at `graceEndsAtMs`, as one change. A key is rotated
   * once: the second call rejects with `conflict` and names the key that the first one made.
   */
  rotateKey(
    keyId: string,
    replacement: NewKey,
    graceEndsAtMs: number,
    audit: readonly AuditEntry[],
  ): Promise<{ readonly old: KeyRecord; readonly replacement: KeyRecord }>

  /** Appends entries to this instance's chain, in order, as one change. Returns them as kept. */
  appendAudit(entries: readonly AuditEntry[]): Promise<readonly AuditRow[]>
  /** Oldest first. */
  readAudit(query: AuditQuery): Promise<readonly PositionedAuditRow[]>
  /** The newest `count` rows that match, oldest first. */
  readAuditTail(query: Omit<AuditQuery, 'afterPosition'>): Promise<readonly PositionedAuditRow[]>
  auditHeads(): Promise<readonly AuditHead[]>

  /**
   * Whether `externalRevision` tells of changes by other processes. Where it does not, a gate reads
   * the audit log once a second to learn of changed keys. Rows must then become readable in the order
   * of their positions, or a change could be passed over.
   */
  readonly tellsOfChanges: boolean
  /**
   * A number that changes when another process changed this store's data. A read of a few µs;
   * stores that cannot tell return a constant.
   */
  externalRevision(): number

  saveUsage(usage: readonly UsageDelta[], nowMs: number): Promise<void>
  /** Everything that has not expired at `nowMs`, oldest first. */
  loadUsage(nowMs: number): Promise<readonly UsageDelta[]>

  /**
   * Fills an empty store with the data of another one: keys with their version, status and activity,
   * links, mail, audit rows with their places and hashes, usage, spend. One change: when `batches` throws,
   * or the kept log does not verify against `heads`, it rejects and the store stays empty. Rejects
   * with `conflict` when the store is not empty, or when the log does not verify, naming the row.
   * Later entries continue the imported chains. Wait for it before anything else is asked of the store.
   */
  importData(batches: AsyncIterable<ImportedBatch>, heads: readonly AuditHead[]): Promise<void>

  close(): Promise<void>
}
