/**
 * Whether a disabled key was suspended by an anomaly, and not by a person. Its owner may undo the one
 * and not the other: a link must give nobody what an operator has taken away.
 */
import type { Store } from '../../core/ports/store.ts'

/** More than a suspended key gathers: it is not used any more. */
const ROWS = 20

/**
 * A suspension is two rows of one change: what was strange, then that the key was disabled for it.
 * False where the audit log does not have them any more.
 */
export async function isSuspended(
  store: Pick<Store, 'readAuditTail'>,
  keyId: string,
): Promise<boolean> {
  const events = ['key.suspicious', 'key.disabled'] as const
  const found = await store.readAuditTail({ keyId, events, pageSize: ROWS })
  const rows = found.map(({ row }) => row)
  const disabledAt = rows.findLastIndex(({ event }) => event === 'key.disabled')
  const before = rows[disabledAt - 1]
  return before?.event === 'key.suspicious' && before.atMs === rows[disabledAt]?.atMs
}
