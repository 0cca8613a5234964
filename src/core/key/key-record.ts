/** A key as the store keeps it: everything but the secret. */
import type { Limit } from '../limits/limit.ts'

export type KeyStatus = 'active' | 'disabled' | 'revoked' | 'expired'

/** Stored states; `expired` is derived from `expiresAtMs`. */
export type StoredKeyStatus = Exclude<KeyStatus, 'expired'>

export type KeyMode = 'live' | 'test'

export interface Owner {
  readonly email: string
  readonly externalId: string | null
}

export interface KeyRecord {
  /** 8 base62 characters, unique, not secret. */
  readonly keyId: string
  readonly owner: Owner
  readonly name: string | null
  readonly tier: string
  readonly scopes: readonly string[]
  readonly mode: KeyMode
  /** PHC string of argon2id or bcrypt over the secret part. */
  readonly secretHash: string
  readonly status: StoredKeyStatus
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  /** +1 on every change; how caches learn of revocation. Starts at 1. */
  readonly version: number
  /** Limits that replace the tier's limits of the same name, or add to them. */
  readonly limitOverrides: readonly Limit[]
  /** CIDR blocks the key may be used from; empty means anywhere. */
  readonly allowedAddresses: readonly string[]
  /** The key this one replaced by rotation. */
  readonly rotatedFrom: string | null
}

/** The status a person sees at `nowMs` (wall time). */
export function keyStatusAt(key: KeyRecord, nowMs: number): KeyStatus {
  if (key.status !== 'active') return key.status
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? 'expired' : 'active'
}
