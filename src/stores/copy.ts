/**
 * Moves everything from one store to another, empty one, of the same kind or not: keys with their
 * versions, owners, states and activity, links and mail, spend with what is open, the audit log with its
 * chains, checkpoints and hashes, and checkpoints of usage. Idempotency keys, which live for a day, stay
 * behind, and so do calls that expired: they have been charged.
 *
 * Nothing else may use the source meanwhile; a source whose log has grown is refused at the end. The
 * target verifies the log that it kept against the source's heads before it commits, so a log that was
 * tampered with is refused by row. Failure: the target stays empty.
 */
import type { AuditHead } from '../core/audit.ts'
import { LockgateError } from '../core/errors.ts'
import type { ImportedBatch, Store } from '../core/ports/store.ts'

const KEYS_AT_ONCE = 500
const ROWS_AT_ONCE = 1000

export interface Copied {
  readonly keys: number
  readonly auditRows: number
  readonly chains: number
}

/**
 * Rejects with `conflict` when `to` is not empty, when the log of `from` does not verify, or when
 * `from` was written to meanwhile.
 *
 * @example
 * const { keys, auditRows } = await copyStore(await openSqliteStore({ path }), target)
 */
export async function copyStore(from: Store, to: Store): Promise<Copied> {
  if (from === to) throw new LockgateError('conflict', 'a store cannot be copied to itself')
  const heads = await from.auditHeads()
  const copied = { keys: 0, auditRows: 0, chains: heads.length }
  async function* counted(): AsyncGenerator<ImportedBatch> {
    for await (const batch of everythingIn(from)) {
      copied.keys += batch.keys?.length ?? 0
      copied.auditRows += batch.audit?.length ?? 0
      yield batch
    }
    refuseGrown(heads, await from.auditHeads())
  }
  await to.importData(counted(), heads)
  return copied
}

async function* everythingIn(store: Store): AsyncGenerator<ImportedBatch> {
  yield* keysIn(store)
  yield* linksIn(store)
  yield* mailIn(store)
  yield* spendIn(store)
  yield { checkpoints: await store.auditCheckpoints() }
  yield* auditIn(store)
  yield { usage: await store.loadUsage(0) }
}

async function* keysIn(store: Store): AsyncGenerator<ImportedBatch> {
  let keys = await store.listKeys({ pageSize: KEYS_AT_ONCE })
  for (let last = keys.at(-1); last !== undefined; last = keys.at(-1)) {
    yield { keys, activity: await store.findActivity(keys.map(({ keyId }) => keyId)) }
    keys = await store.listKeys({ pageSize: KEYS_AT_ONCE, after: last.keyId })
  }
}

async function* linksIn(store: Store): AsyncGenerator<ImportedBatch> {
  let links = await store.listLinks({ pageSize: KEYS_AT_ONCE })
  for (let last = links.at(-1); last !== undefined; last = links.at(-1)) {
    yield { links }
    links = await store.listLinks({ pageSize: KEYS_AT_ONCE, after: last.link.linkId })
  }
}

async function* mailIn(store: Store): AsyncGenerator<ImportedBatch> {
  let mail = await store.listMail({ pageSize: KEYS_AT_ONCE })
  for (let last = mail.at(-1); last !== undefined; last = mail.at(-1)) {
    yield { mail }
    mail = await store.listMail({ pageSize: KEYS_AT_ONCE, after: last.name })
  }
}

async function* spendIn(store: Store): AsyncGenerator<ImportedBatch> {
  let spendSums = await store.listSpendSums({ pageSize: ROWS_AT_ONCE })
  for (let last = spendSums.at(-1); last !== undefined; last = spendSums.at(-1)) {
    yield { spendSums }
    spendSums = await store.listSpendSums({ pageSize: ROWS_AT_ONCE, after: last })
  }
  yield {
    spendReservations: await store.listSpendReservations(),
    spendResets: await store.listSpendResets(),
    spendCaps: await store.listSpendCaps(),
  }
}

async function* auditIn(store: Store): AsyncGenerator<ImportedBatch> {
  let rows = await store.readAudit({ pageSize: ROWS_AT_ONCE })
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield { audit: rows.map(({ row }) => row) }
    rows = await store.readAudit({ pageSize: ROWS_AT_ONCE, afterPosition: last.position })
  }
}

function refuseGrown(before: readonly AuditHead[], after: readonly AuditHead[]): void {
  const marks = (heads: readonly AuditHead[]) => heads.map(({ hash }) => hash).sort()
  if (marks(before).join() === marks(after).join()) return
  const message = 'the source was written to while it was copied; stop all that use it, start again'
  throw new LockgateError('conflict', message)
}
