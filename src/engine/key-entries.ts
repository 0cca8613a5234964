/** The audit entries of changes of keys: what they say, and that they bear the time of the change. */
import type { AuditDetails, AuditEntry, AuditEvent } from '../core/audit.ts'
import type { NewKey } from '../core/ports/store.ts'
import type { Actor } from './gate.ts'

export function createdDetails(draft: NewKey): AuditDetails {
  return {
    owner: draft.owner.email,
    tier: draft.tier,
    scopes: draft.scopes.join(' '),
    expires_at: draft.expiresAtMs === null ? null : new Date(draft.expiresAtMs).toISOString(),
  }
}

export const changeOf = ({ keyId, createdAtMs }: NewKey) => ({ keyId, atMs: createdAtMs })

/** The entry of a change bears the very time that the record bears. */
export function entryOf(
  { defaultActor }: { readonly defaultActor: string },
  event: AuditEvent,
  { keyId, atMs }: { readonly keyId: string; readonly atMs: number },
  actor: Actor | undefined,
  details: AuditDetails,
): AuditEntry {
  return {
    atMs,
    event,
    keyId,
    actor: actor?.actor ?? defaultActor,
    address: actor?.address ?? null,
    requestId: actor?.requestId ?? null,
    details,
    count: 1,
  }
}
