/** Fills an empty database with the data of another store, inside a transaction of its caller. */
import type { AuditHead } from '../../core/audit.ts'
import type { ImportedBatch } from '../../core/ports/store.ts'
import { refuseBroken, refuseOccupied } from '../tables/import.ts'
import type { Activity } from './activity.ts'
import type { AuditLog } from './audit-log.ts'
import type { Keys } from './keys.ts'
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
}

const TABLES = ['keys', 'audit', 'usage_chunks', 'usage_meters', 'outbox', 'key_activity']

/**
 * Other instances may read meanwhile but not write. Throws `conflict` when there is data already, or
 * when what came does not verify.
 */
export async function importData(
  session: Session,
  { schema, keys, audit, usage, links, outbox, activity }: ImportedParts,
  batches: AsyncIterable<ImportedBatch>,
  heads: readonly AuditHead[],
): Promise<void> {
  const locked = TABLES.map((table) => `"${schema}".${table}`).join(', ')
  await session.run(`lock table ${locked} in share row exclusive mode`)
  const found = [
    ...(await keys.list(session, { pageSize: 1 })),
    ...(await audit.heads(session)),
    ...(await usage.load(session, 0)),
  ]
  refuseOccupied(found.length > 0)
  for await (const batch of batches) {
    for (const key of batch.keys ?? []) await keys.add(session, key)
    await audit.addCheckpoints(session, batch.checkpoints ?? [])
    await audit.add(session, batch.audit ?? [])
    await usage.add(session, batch.usage ?? [])
    await links.add(session, batch.links ?? [])
    await outbox.add(session, batch.mail ?? [])
    await activity.add(session, batch.activity ?? [])
  }
  await audit.addHeads(session, heads)
  refuseBroken(await audit.verify(session, heads))
}
