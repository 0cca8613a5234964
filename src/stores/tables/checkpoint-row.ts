/** A checkpoint of the audit log between its table row and its record. */
import { LockgateError } from '../../core/errors.ts'
import type { AuditCheckpoint } from '../../core/ports/audit-retention.ts'
import type { AuditCheckpointsTable } from './tables.ts'

export const checkpointFromRow = (row: AuditCheckpointsTable): AuditCheckpoint => ({
  chain: row.chain,
  seq: row.seq,
  hash: row.hash,
  atMs: row.at_ms,
  signature: row.signature,
  publicKey: row.public_key,
})

export const rowFromCheckpoint = (checkpoint: AuditCheckpoint) =>
  ({
    chain: checkpoint.chain,
    seq: checkpoint.seq,
    hash: checkpoint.hash,
    at_ms: checkpoint.atMs,
    signature: checkpoint.signature,
    public_key: checkpoint.publicKey,
  }) satisfies AuditCheckpointsTable

/** Throws `conflict` unless `row` is the one that the checkpoint names. */
export function refuseOtherRow(
  { chain, seq, hash }: AuditCheckpoint,
  row: { readonly hash: string } | undefined,
): void {
  if (row?.hash === hash) return
  const place = `row ${seq} of chain ${chain}`
  const message = `${place} is not the one that the checkpoint names; run "lockgate audit verify"`
  throw new LockgateError('conflict', message)
}
