/** Fills an empty database with the data of another store, inside a transaction of its caller. */
import type { AuditHead } from '../../core/audit.ts'
import type { ImportedBatch } from '../../core/ports/store.ts'
import { refuseBroken, refuseOccupied } from '../tables/import.ts'
import type { AuditLog } from './audit-log.ts'
import type { Keys } from './keys.ts'
import type { Usage } from './usage.ts'

export interface ImportedParts {
  readonly keys: Keys
  readonly audit: AuditLog
  readonly usage: Usage
}

/** Throws `conflict` when there is data already, or when what came does not verify. */
export async function importData(
  { keys, audit, usage }: ImportedParts,
  batches: AsyncIterable<ImportedBatch>,
  heads: readonly AuditHead[],
): Promise<void> {
  const occupied = keys.list({ pageSize: 1 }).length + audit.heads().length + usage.load(0).length
  refuseOccupied(occupied > 0)
  for await (const batch of batches) {
    for (const key of batch.keys ?? []) keys.add(key)
    audit.add(batch.audit ?? [])
    usage.add(batch.usage ?? [])
  }
  audit.replaceHeads(heads)
  refuseBroken(audit.verify(heads))
}
