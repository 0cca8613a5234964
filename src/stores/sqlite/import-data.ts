/** Fills an empty database with the data of another store, inside a transaction of its caller. */
import type { AuditHead } from '../../core/audit.ts'
import type { ImportedBatch } from '../../core/ports/store.ts'
import { refuseBroken, refuseOccupied } from '../tables/import.ts'
import { rowFromSum } from '../tables/spend-rows.ts'
import type { Activity } from './activity.ts'
import type { AuditLog } from './audit-log.ts'
import type { Keys } from './keys.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerScopes } from './ledger-scopes.ts'
import type { Links } from './links.ts'
import type { Outbox } from './outbox.ts'
import type { Usage } from './usage.ts'

export interface ImportedParts {
  readonly keys: Keys
  readonly audit: AuditLog
  readonly usage: Usage
  readonly links: Links
  readonly outbox: Outbox
  readonly activity: Activity
  readonly ledger: Ledger
  readonly scopes: LedgerScopes
}

/** Throws `conflict` when there is data already, or when what came does not verify. */
export async function importData(
  parts: ImportedParts,
  batches: AsyncIterable<ImportedBatch>,
  heads: readonly AuditHead[],
): Promise<void> {
  const { keys, audit, usage } = parts
  const occupied = keys.list({ pageSize: 1 }).length + audit.heads().length + usage.load(0).length
  refuseOccupied(occupied > 0)
  for await (const batch of batches) {
    addBatch(parts, batch)
    addSpend(parts, batch)
  }
  audit.replaceHeads(heads)
  refuseBroken(audit.verify(heads))
}

function addBatch(
  { keys, audit, usage, links, outbox, activity }: ImportedParts,
  batch: ImportedBatch,
): void {
  for (const key of batch.keys ?? []) keys.add(key)
  audit.addCheckpoints(batch.checkpoints ?? [])
  audit.add(batch.audit ?? [])
  usage.add(batch.usage ?? [])
  links.add(batch.links ?? [])
  outbox.add(batch.mail ?? [])
  activity.add(batch.activity ?? [])
}

function addSpend({ ledger, scopes }: ImportedParts, batch: ImportedBatch): void {
  ledger.addSums((batch.spendSums ?? []).map(rowFromSum))
  ledger.open(batch.spendReservations ?? [])
  scopes.addResets(batch.spendResets ?? [])
  for (const caps of batch.spendCaps ?? []) scopes.setCaps(caps.scope, caps)
}
