/**
 * One-click links: look, replace, keep, renew. Looking changes nothing, because mail scanners open
 * links. The store closes a link and makes its key as one change, so of two clicks at once one wins.
 */
import type { AuditDetails } from '../../core/audit.ts'
import { LockgateError } from '../../core/errors.ts'
import type { KeyFormat } from '../../core/key/format.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Actor, IssuedKey, LinkDesk, LinkView } from '../gate.ts'
import { type AnnounceParts, announce, draftOf } from '../key-changes.ts'
import { changeOf, createdDetails, entryOf } from '../key-entries.ts'
import type { SecretHasher } from '../secrets/hasher.ts'
import type { HashingPool } from '../secrets/hashing-pool.ts'
import { queueFreshMail } from './fresh-mail.ts'
import { type OpenLink, openLink } from './open-link.ts'

export interface LinkDeskParts extends AnnounceParts {
  readonly store: Store
  readonly clock: Clock
  readonly format: KeyFormat
  readonly hasher: SecretHasher
  /** Bounds the hashes of everybody who clicks. */
  readonly pool: HashingPool
  readonly defaultActor: string
  /** Mail is waiting. */
  readonly kick: () => void
}

export function createLinkDesk(parts: LinkDeskParts): LinkDesk {
  const { store, clock, kick } = parts
  return Object.freeze({
    async look(token: string): Promise<LinkView> {
      const { link, key, isExpired } = await openLink(parts, token)
      const cause = await causeOf(store, link)
      return {
        ...{ state: isExpired ? 'expired' : 'open', purpose: link.purpose, key },
        atMs: cause?.atMs ?? link.createdAtMs,
        ...findingsOf(cause?.details ?? {}),
      }
    },

    replace: async (token: string, actor?: Actor) =>
      replaceKey(parts, await openInTime(parts, token), actor),

    async keep(token: string, actor?: Actor) {
      const { link, key, tokenHash } = await openInTime(parts, token)
      if (link.purpose === 'leaked') {
        throw new LockgateError('conflict', 'A leaked key cannot be kept. Replace it.')
      }
      const change = { keyId: key.keyId, atMs: clock.wallMs() }
      const closed = await store.closeLink(tokenHash, change.atMs, {
        kind: 'keep',
        enabled: entryOf(parts, 'key.enabled', change, actor, {}),
        audit: [entryOf(parts, 'key.kept', change, actor, {})],
      })
      await announce(parts, closed.key)
      return closed.key
    },

    async renew(token: string) {
      const { link, key, isExpired } = await openLink(parts, token)
      if (!isExpired) throw new LockgateError('conflict', 'This link still works. Use it.')
      const cause = await causeOf(store, link)
      const { details = {}, atMs = link.createdAtMs } = cause ?? {}
      await queueFreshMail(parts, link.linkId, {
        ...{ kind: `key.${link.purpose}`, key, atMs: clock.wallMs() },
        details: { ...details, ...stateOf(key, link), at: new Date(atMs).toISOString() },
      })
      kick()
    },
  } satisfies LinkDesk)
}

/** As the first mail had it: the audit row does not say it. */
const stateOf = (key: KeyRecord, { purpose }: OpenLink['link']) =>
  purpose === 'leaked' ? {} : { suspended: key.status === 'disabled' }

async function openInTime(parts: LinkDeskParts, token: string): Promise<OpenLink> {
  const found = await openLink(parts, token)
  if (found.isExpired) throw new LockgateError('link_expired')
  return found
}

/** The row of the leak or the suspicion; undefined where the log does not have it any more. */
async function causeOf(store: Store, { keyId, purpose }: OpenLink['link']) {
  const query = { keyId, event: `key.${purpose}`, pageSize: 1 } as const
  const [newest] = await store.readAuditTail(query)
  return newest?.row
}

/** Rows may be older than this version, so nothing is taken for granted. */
function findingsOf(details: AuditDetails): Pick<LinkView, 'where' | 'reason' | 'seen' | 'usual'> {
  const { where, reason, seen, usual } = details
  return {
    where: typeof where === 'string' ? where : null,
    reason: reason === 'new_networks' || reason === 'rate' ? reason : null,
    seen: typeof seen === 'number' ? seen : null,
    usual: typeof usual === 'number' ? usual : null,
  }
}

/** With what the old key had, and nothing that it did not have. */
async function replaceKey(
  parts: LinkDeskParts,
  { key: old, tokenHash, replacementExpiresAtMs: expiresAtMs }: OpenLink,
  actor: Actor | undefined,
): Promise<IssuedKey> {
  const { store, format, hasher, pool } = parts
  const { key, keyId, secret } = format.generate(old.mode)
  const secretHash = await pool.run(() => hasher.hash(secret))
  if (secretHash === 'full') throw new LockgateError('overloaded')
  const draft = draftOf(parts, keyId, secretHash, { ...old, expiresAtMs })
  const ended = { keyId: old.keyId, atMs: draft.createdAtMs }
  const closed = await store.closeLink(tokenHash, draft.createdAtMs, {
    kind: 'replace',
    replacement: { ...draft, rotatedFrom: old.keyId },
    revoked: entryOf(parts, 'key.revoked', ended, actor, {}),
    audit: [
      entryOf(parts, 'key.replaced', ended, actor, { replaced_by: keyId }),
      entryOf(parts, 'key.created', changeOf(draft), actor, {
        ...createdDetails(draft),
        replaces: old.keyId,
      }),
    ],
  })
  await announce(parts, closed.key)
  if (closed.replacement === null) throw new Error('the store made no key')
  parts.cache.put(closed.replacement)
  return { key, record: closed.replacement }
}
