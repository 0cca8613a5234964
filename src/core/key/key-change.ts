/** What a change makes of a key. Pure; returns the same record where nothing changes. */
import { LockgateError } from '../errors.ts'
import type { KeyChange } from '../ports/store.ts'
import type { KeyRecord } from './key-record.ts'

/** Throws `conflict` when a revoked key is enabled or disabled. */
export function changedKey(key: KeyRecord, change: KeyChange): KeyRecord {
  const version = key.version + 1
  switch (change.kind) {
    case 'revoke':
      if (key.status === 'revoked') return key
      return { ...key, status: 'revoked', revokedAtMs: change.atMs, version }
    case 'disable':
      refuseRevoked(key)
      return key.status === 'disabled' ? key : { ...key, status: 'disabled', version }
    case 'enable':
      refuseRevoked(key)
      return key.status === 'active' ? key : { ...key, status: 'active', version }
    case 'rehash': {
      const outdated = key.secretHash !== change.from || change.from === change.to
      if (key.status === 'revoked' || outdated) return key
      return { ...key, secretHash: change.to, version }
    }
  }
}

/** The old key of a rotation. It never lives longer than it would have. Throws `conflict`. */
export function retiredKey(key: KeyRecord, graceEndsAtMs: number): KeyRecord {
  refuseRevoked(key)
  if (key.status === 'disabled') {
    throw new LockgateError('conflict', `key ${key.keyId} is disabled; enable it before rotating`)
  }
  const expiresAtMs = Math.min(graceEndsAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY)
  return { ...key, expiresAtMs, version: key.version + 1 }
}

function refuseRevoked(key: KeyRecord): void {
  if (key.status !== 'revoked') return
  throw new LockgateError('conflict', `key ${key.keyId} is revoked for good; create a new one`)
}
