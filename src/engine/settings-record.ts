/**
 * Writes down when a long-lived process starts with other settings than the newest one of its kind did:
 * one `config.changed` row with the digest of each section, and which of them differ. Instances with the
 * same settings write it once; two that start in the same moment may write it twice.
 */
import type { AuditEntry } from '../core/audit.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'

export interface SettingsRecordParts {
  readonly store: Pick<Store, 'readAuditTail' | 'appendAudit'>
  readonly clock: Clock
  /** `gateway`, `library`: each kind is compared with itself. */
  readonly actor: string
}

export type SettingsDigests = Readonly<Record<string, string>>

/** A task that writes it down once; what fails is tried again with the next call. */
export function settingsTask(parts: SettingsRecordParts, digests: SettingsDigests) {
  let isDone = false
  return async (): Promise<void> => {
    if (isDone) return
    await recordSettings(parts, digests)
    isDone = true
  }
}

async function recordSettings(
  { store, clock, actor }: SettingsRecordParts,
  digests: SettingsDigests,
): Promise<void> {
  const [newest] = await store.readAuditTail({ event: 'config.changed', actor, pageSize: 1 })
  const before = newest?.row.details
  const changed = Object.keys(digests).filter((name) => before?.[name] !== digests[name])
  if (changed.length === 0) return
  const entry: AuditEntry = {
    ...{ atMs: clock.wallMs(), event: 'config.changed', keyId: null, actor },
    ...{ address: null, requestId: null, count: 1 },
    details: { changed: before === undefined ? 'first start' : changed.join(' '), ...digests },
  }
  await store.appendAudit([entry])
}
