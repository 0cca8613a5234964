/** A row of the audit log between its table row and its record. */
import type { AuditDetails, AuditEvent, AuditRow } from '../../core/audit.ts'
import { canonicalDetails } from '../../core/audit-chain.ts'
import type { PositionedAuditRow } from '../../core/ports/store.ts'
import type { AuditTable } from './tables.ts'

export type StoredAuditRow = Omit<AuditTable, 'position'> & { position: number }

export function columnsFromRow(row: AuditRow) {
  return {
    chain: row.chain,
    seq: row.seq,
    at_ms: row.atMs,
    event: row.event,
    key_id: row.keyId,
    actor: row.actor,
    address: row.address,
    request_id: row.requestId,
    details: canonicalDetails(row.details),
    count: row.count,
    previous_hash: row.previousHash,
    hash: row.hash,
  } satisfies Omit<AuditTable, 'position'>
}

export function positionedRow(stored: StoredAuditRow): PositionedAuditRow {
  const row: AuditRow = {
    chain: stored.chain,
    seq: stored.seq,
    atMs: stored.at_ms,
    // An event that is not in the list was edited; the chain shows it.
    event: stored.event as AuditEvent,
    keyId: stored.key_id,
    actor: stored.actor,
    address: stored.address,
    requestId: stored.request_id,
    details: detailsFrom(stored.details),
    count: stored.count,
    previousHash: stored.previous_hash,
    hash: stored.hash,
  }
  return { position: stored.position, row }
}

/** Text other than Lockgate writes it is returned such that the row no longer matches its hash. */
function detailsFrom(text: string): AuditDetails {
  try {
    const details: AuditDetails = JSON.parse(text)
    if (canonicalDetails(details) === text) return details
  } catch {
    // Not JSON: edited, like any other text that differs.
  }
  return { edited: text }
}
