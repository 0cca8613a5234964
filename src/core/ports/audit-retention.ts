/** Letting go of old audit rows while what is left can be verified. */
import type { AuditEntry, AuditHead } from '../audit.ts'

/**
 * The last row of a chain that was let go of, signed, so that the rest is verified from there on.
 * What is signed: docs/reference/audit.md.
 */
export interface AuditCheckpoint extends AuditHead {
  readonly atMs: number
  /** Ed25519, base64url. */
  readonly signature: string
  /** SPKI DER, base64url. */
  readonly publicKey: string
}

export interface AuditRetention {
  /**
   * Deletes each checkpoint's row and all rows before it in its chain, keeps the checkpoint in place
   * of an older one, and appends `audit`, as one change. Resolves with how many rows went. Rejects
   * with `conflict` where the row of a checkpoint does not have its hash.
   */
  pruneAudit(checkpoints: readonly AuditCheckpoint[], audit: AuditEntry): Promise<number>
  /** The newest of each chain. */
  auditCheckpoints(): Promise<readonly AuditCheckpoint[]>
}
