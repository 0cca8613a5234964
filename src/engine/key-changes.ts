/**
 * What every change of a key has in common: the key must be there, a new one is drafted, and each
 * instance learns of what was changed.
 *
 * Order of every change: store first (with its audit row, in one transaction), then this process's
 * cache, then the counters' version. A crash in between leaves the store right, and every cache
 * notices by the store's revision, the version, or the audit row.
 */
import { LockgateError } from '../core/errors.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { NewKey, Store } from '../core/ports/store.ts'
import type { KeyCache } from './key-cache.ts'

export interface AnnounceParts {
  readonly cache: KeyCache
  readonly counters: Counters
  readonly log: Logger
}

/** Lets every instance know of the change, this one included. The change is made: it cannot fail. */
export async function announce(parts: AnnounceParts, record: KeyRecord): Promise<void> {
  const { keyId, version } = record
  parts.cache.put(record)
  try {
    await parts.counters.setKeyVersion(keyId, version)
  } catch (error) {
    const fields = { err: error, key_id: keyId }
    parts.log.warn(fields, 'a change of a key: other instances learn of it within two seconds')
  }
}

export async function findOrThrow(
  store: Pick<Store, 'findKey'>,
  keyId: string,
): Promise<KeyRecord> {
  const record = await store.findKey(keyId)
  if (record === undefined) {
    throw new LockgateError('not_found', `there is no key ${keyId}; "lockgate keys list" shows all`)
  }
  return record
}

type DraftParts = Omit<
  NewKey,
  'keyId' | 'secretHash' | 'createdAtMs' | 'rotatedFrom' | 'version' | 'status' | 'revokedAtMs'
>

export function draftOf(
  { clock }: { readonly clock: Clock },
  keyId: string,
  secretHash: string,
  chosen: DraftParts,
): NewKey {
  const { owner, name, tier, scopes, mode, expiresAtMs, limitOverrides, allowedAddresses } = chosen
  return {
    ...{ keyId, secretHash, createdAtMs: clock.wallMs(), rotatedFrom: null },
    ...{ owner, name, tier, scopes, mode, expiresAtMs, limitOverrides, allowedAddresses },
  }
}
