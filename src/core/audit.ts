/** The audit log's vocabulary: what is recorded, as it goes in (entry) and as it is kept (row). */

export const AUDIT_EVENTS = [
  'key.created',
  'key.rotated',
  'key.revoked',
  'key.disabled',
  'key.enabled',
  'key.leaked',
  'key.replaced',
  'key.suspicious',
  'key.kept',
  'limit.exceeded',
  'spend.exceeded',
  'spend.alerted',
  'spend.capped',
  'spend.reset',
  'spend.expired',
  'auth.failed',
  'admin.signed_in',
  'config.changed',
  'audit.pruned',
  'outage.began',
  'outage.ended',
] as const

export type AuditEvent = (typeof AUDIT_EVENTS)[number]

export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>

/** What a caller hands over to be recorded. */
export interface AuditEntry {
  readonly atMs: number
  readonly event: AuditEvent
  readonly keyId: string | null
  /** Who did it: `cli`, `library`, `gateway`, a key_id … */
  readonly actor: string
  /** The client's address, grouped as it is counted; null when there is none. */
  readonly address: string | null
  readonly requestId: string | null
  readonly details: AuditDetails
  /** How many equal events this stands for; at least 1. */
  readonly count: number
}

/** An entry with its place in a hash chain. */
export interface AuditRow extends AuditEntry {
  /** The chain's name: one per database for SQLite, one per instance where many write. */
  readonly chain: string
  /** 1, 2, 3 … without gaps within a chain. */
  readonly seq: number
  /** Hash of the row before (64 hex characters); of the chain's name for the first. */
  readonly previousHash: string
  readonly hash: string
}

/** The newest row of a chain, kept beside it, so that a cut tail shows. */
export interface AuditHead {
  readonly chain: string
  readonly seq: number
  readonly hash: string
}
