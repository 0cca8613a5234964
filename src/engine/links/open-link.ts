/**
 * From a token to the link that it opens. What can never be a token costs no I/O. What was used, what
 * never was, and what would give back a key that an operator took away are one and the same refusal.
 */
import { sha256Hex } from '../../core/crypto.ts'
import { LockgateError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { FoundLink } from '../../core/ports/links.ts'
import type { Store } from '../../core/ports/store.ts'
import { replacementExpiry } from './replacement-expiry.ts'
import { isSuspended } from './suspension.ts'

/** 32 bytes as base64url. */
const TOKEN = /^[0-9A-Za-z_-]{43}$/

export interface OpenLink extends FoundLink {
  readonly tokenHash: string
  /** The token's time is over; the link is open. */
  readonly isExpired: boolean
  /** When the key that it would make ends; null: never. */
  readonly replacementExpiresAtMs: number | null
}

/** Throws `link_expired`. */
export async function openLink(
  parts: { readonly store: Pick<Store, 'findLink' | 'readAuditTail'>; readonly clock: Clock },
  token: string,
): Promise<OpenLink> {
  if (!TOKEN.test(token)) throw new LockgateError('link_expired')
  const tokenHash = sha256Hex(token)
  const found = await parts.store.findLink(tokenHash)
  const nowMs = parts.clock.wallMs()
  if (found === undefined || !(await isUsable(parts.store, found))) {
    throw new LockgateError('link_expired')
  }
  const replacementExpiresAtMs = replacementExpiry(found.link, found.key, nowMs)
  if (replacementExpiresAtMs === undefined) throw new LockgateError('link_expired')
  const isExpired = found.tokenExpiresAtMs <= nowMs
  return { ...found, tokenHash, isExpired, replacementExpiresAtMs }
}

/** Who revoked or disabled a key that was only suspicious has dealt with it. */
async function isUsable(
  store: Pick<Store, 'readAuditTail'>,
  { link, key }: FoundLink,
): Promise<boolean> {
  if (link.closedAtMs !== null) return false
  if (link.purpose === 'leaked' || key.status === 'active') return true
  return key.status === 'disabled' && (await isSuspended(store, key.keyId))
}
