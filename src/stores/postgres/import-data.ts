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
import type { Session } from './session.ts'
import type { Usage } from './usage.ts'

export interface ImportedParts {
  readonly schema: string
  readonly keys: Keys
  readonly audit: AuditLog
  readonly usage: Usage
  readonly links: Links
  readonly outbox: Outbox
  readonly activity: Activity
  readonly ledger: Ledger
  readonly scopes: LedgerScopes
}

const TABLES = [
  ...['keys', 'audit', 'usage_chunks', 'usage_meters', 'outbox', 'key_activity'],
  ...['spend_reservations', 'spend_sums', 'spend_days', 'spend_resets', 'spend_caps'],
]

/**
 * Other instances may read meanwhile but not write. Throws `conflict` when there is data already, or
 * when what came does not verify.
 */
export async function importData(
  session: Session,
  parts: ImportedParts,
  batches: AsyncIterable<ImportedBatch>,
  heads: readonly AuditHead[],
): Promise<void> {
  const { schema, keys, audit, usage } = parts
  const locked = TABLES.map((table) => `"${schema}".${table}`).join(', ')
  await session.run(`lock table ${locked} in share row exclusive mode`)
  const found = [
    ...(await keys.list(session, { pageSize: 1 })),
    ...(await audit.heads(session)),
    ...(await usage.load(session, 0)),
  ]
  refuseOccupied(found.length > 0)
  for await (const batch of batches) {
    await addBatch(session, parts, batch)
    await addSpend(session, parts, batch)
  }
  await audit.addHeads(session, heads)
  refuseBroken(await audit.verify(session, heads))
}

async function addBatch(
  session: Session,
  { keys, audit, usage, links, outbox, activity }: ImportedParts,
  batch: ImportedBatch,
): Promise<void> {
  for (const key of batch.keys ?? []) await keys.add(session, key)
  await audit.addCheckpoints(session, batch.checkpoints ?? [])
  await audit.add(session, batch.audit ?? [])
  await usage.add(session, batch.usage ?? [])
  await links.add(session, batch.links ?? [])
  await outbox.add(session, batch.mail ?? [])
  await activity.add(session, batch.activity ?? [])
}

async function addSpend(
  session: Session,
  { ledger, scopes }: ImportedParts,
  batch: ImportedBatch,
): Promise<void> {
  await ledger.addSums(session, (batch.spendSums ?? []).map(rowFromSum))
  await ledger.add(session, batch.spendReservations ?? [])
  await scopes.addResets(session, batch.spendResets ?? [])
  for (const caps of batch.spendCaps ?? []) await scopes.setCaps(session, caps.scope, caps)
}
