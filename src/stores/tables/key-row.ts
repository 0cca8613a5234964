/** A key between its table row and its record. */
import type { KeyMode, KeyRecord, StoredKeyStatus } from '../../core/key/key-record.ts'
import type { NewKey } from '../../core/ports/store.ts'
import type { KeysTable, OwnersTable } from './tables.ts'

export type KeyRow = KeysTable & Pick<OwnersTable, 'email' | 'external_id'>

export function keyFromRow(row: KeyRow): KeyRecord {
  return {
    keyId: row.key_id,
    owner: { email: row.email, externalId: row.external_id },
    name: row.name,
    tier: row.tier,
    scopes: JSON.parse(row.scopes),
    // The table's check constraints admit these values only.
    mode: row.mode as KeyMode,
    secretHash: row.secret_hash,
    status: row.status as StoredKeyStatus,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
    version: row.version,
    limitOverrides: JSON.parse(row.limit_overrides),
    allowedAddresses: JSON.parse(row.allowed_addresses),
    rotatedFrom: row.rotated_from,
  }
}

export function rowFromKey(key: KeyRecord, ownerId: number) {
  return {
    key_id: key.keyId,
    owner_id: ownerId,
    name: key.name,
    tier: key.tier,
    scopes: JSON.stringify(key.scopes),
    mode: key.mode,
    secret_hash: key.secretHash,
    status: key.status,
    created_at_ms: key.createdAtMs,
    expires_at_ms: key.expiresAtMs,
    revoked_at_ms: key.revokedAtMs,
    version: key.version,
    limit_overrides: JSON.stringify(key.limitOverrides),
    allowed_addresses: JSON.stringify(key.allowedAddresses),
    rotated_from: key.rotatedFrom,
  } satisfies KeysTable
}

/** A key as it starts. */
export const newRecord = (key: NewKey): KeyRecord => ({
  ...key,
  version: 1,
  status: 'active',
  revokedAtMs: null,
})

export const ownerFromKey = ({ owner }: Pick<KeyRecord, 'owner'>) => ({
  email: owner.email.toLowerCase(),
  external_id: owner.externalId,
})
