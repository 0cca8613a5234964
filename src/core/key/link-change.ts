/**
 * What a report, a suspicion or a click makes of a key and its links. Pure: a store reads the key and
 * all of its links where nobody else can change them, asks here, and writes what it gets as one change.
 */
import type { AuditEntry } from '../audit.ts'
import { LockgateError } from '../errors.ts'
import type { NewMail } from '../mail.ts'
import type {
  KeptLink,
  LeakResponse,
  LinkClosing,
  NewLink,
  SuspicionResponse,
} from '../ports/links.ts'
import type { NewKey } from '../ports/store.ts'
import { changedKey } from './key-change.ts'
import { type KeyRecord, keyStatusAt } from './key-record.ts'

export interface LinkChange {
  /** The same record as before where the key does not change. */
  readonly key: KeyRecord
  readonly opens?: KeptLink
  readonly closes?: {
    readonly linkIds: readonly string[]
    readonly atMs: number
    readonly replacement: NewKey | null
  }
  readonly mails: readonly NewMail[]
  readonly audit: readonly AuditEntry[]
}

/** Undefined: it was reported before. */
export function leakChange(
  key: KeyRecord,
  links: readonly KeptLink[],
  { atMs, link, mails, leaked, revoked }: LeakResponse,
): LinkChange | undefined {
  if (links.some(({ purpose }) => purpose === 'leaked')) return undefined
  const after = changedKey(key, { kind: 'revoke', atMs })
  if (after !== key) return { key: after, opens: kept(link), mails, audit: [leaked, revoked] }
  // Closed from the beginning: it only tells that the leak is known.
  return { key, opens: { ...kept(link), closedAtMs: atMs }, mails: [], audit: [leaked] }
}

/** Undefined: there is nothing to do. */
export function suspicionChange(
  key: KeyRecord,
  links: readonly KeptLink[],
  response: SuspicionResponse,
): LinkChange | undefined {
  const { atMs, suspend, link, mails, suspicious, disabled, quietSinceMs } = response
  const status = keyStatusAt(key, atMs)
  if (status === 'revoked' || status === 'expired') return undefined
  const suspicions = links.filter(({ purpose }) => purpose === 'suspicious')
  if (suspicions.some(({ createdAtMs }) => createdAtMs > quietSinceMs)) return undefined
  const after = suspend ? changedKey(key, { kind: 'disable' }) : key
  if (after === key) {
    // A key that an older suspicion disabled can be kept by the new link too.
    const isSuspended = suspicions.some((earlier) => isSuspendedBy(earlier, key))
    const opens = { ...kept(link), suspendedVersion: isSuspended ? key.version : null }
    return { key, opens, mails, audit: [suspicious] }
  }
  const opens = { ...kept(link), suspendedVersion: after.version }
  return { key: after, opens, mails, audit: [suspicious, disabled] }
}

/** Throws `link_expired` or `conflict`. */
export function closingChange(
  key: KeyRecord,
  links: readonly KeptLink[],
  linkId: string,
  atMs: number,
  closing: LinkClosing,
): LinkChange {
  const open = links.filter(({ closedAtMs }) => closedAtMs === null)
  const link = open.find((candidate) => candidate.linkId === linkId)
  if (link === undefined) throw new LockgateError('link_expired')
  if (closing.kind === 'replace') {
    const { replacement, revoked, audit } = closing
    const after = changedKey(key, { kind: 'revoke', atMs })
    const closes = { linkIds: open.map(idOf), atMs, replacement }
    return { key: after, closes, mails: [], audit: after === key ? audit : [revoked, ...audit] }
  }
  if (link.purpose !== 'suspicious' || key.status === 'revoked') {
    throw new LockgateError('conflict', `key ${key.keyId} is revoked for good; replace it instead`)
  }
  const suspicions = open.filter(({ purpose }) => purpose === 'suspicious')
  const closes = { linkIds: suspicions.map(idOf), atMs, replacement: null }
  const { enabled, audit } = closing
  if (!isSuspendedBy(link, key)) return { key, closes, mails: [], audit }
  const after = changedKey(key, { kind: 'enable' })
  return { key: after, closes, mails: [], audit: [...audit, enabled] }
}

const kept = (link: NewLink): KeptLink => ({
  ...link,
  closedAtMs: null,
  replacementKeyId: null,
  suspendedVersion: null,
})

const isSuspendedBy = (link: KeptLink, key: KeyRecord): boolean =>
  key.status === 'disabled' && link.suspendedVersion === key.version

const idOf = ({ linkId }: KeptLink): string => linkId
