/**
 * From a report to a revoked key, a mail and a link.
 *
 * The store does all of it as one change. Then this process's cache and the counters learn of it, so
 * the next request with the key is refused, and the mail goes out without anybody waiting for it. A
 * report that is sent again, because its answer was lost, changes nothing and tells everybody again.
 */
import { randomId } from '../../core/crypto.ts'
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import { placeOf } from '../../core/leak-place.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { LeakResponse } from '../../core/ports/links.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Actor, LeakDesk, LeakOutcome, LeakReport } from '../gate.ts'
import { type AnnounceParts, announce, findOrThrow } from '../key-changes.ts'
import { entryOf } from '../key-entries.ts'
import { isSuspended } from '../links/suspension.ts'
import { mailsOf } from '../post/notices.ts'
import { type ProofParts, proveHeld } from './prove.ts'

const LINK_ID_LENGTH = 16

export interface LeakDeskParts extends AnnounceParts, ProofParts {
  readonly store: Store
  readonly clock: Clock
  readonly defaultActor: string
  /** An e-mail address that gets a copy of each mail; null: nobody. */
  readonly operatorCopy: string | null
  /** Mail is waiting. */
  readonly kick: () => void
}

export function createLeakDesk(parts: LeakDeskParts): LeakDesk {
  const { store } = parts
  return Object.freeze({
    async reportKey(
      presentedKey: string,
      report: LeakReport,
      { address, requestId }: { readonly address: string | undefined; readonly requestId: string },
    ) {
      const held = await proveHeld(parts, { presentedKey, address, requestId })
      if ('allowed' in held) return held
      const from = { requestId, ...(address === undefined ? {} : { address }) }
      return respond(parts, held.record, report, from)
    },

    async reportId(keyId: string, report: LeakReport, actor?: Actor) {
      return respond(parts, await findOrThrow(store, keyId), report, actor)
    },
  })
}

async function respond(
  parts: LeakDeskParts,
  reported: KeyRecord,
  report: LeakReport,
  actor: Actor | undefined,
): Promise<LeakOutcome> {
  const { store, kick } = parts
  const response = await responseTo(parts, reported, report, actor)
  const { key, effect } = await store.reportLeak(reported.keyId, response)
  await announce(parts, key)
  kick()
  return { key, effect, mailTo: effect === 'revoked' ? key.owner.email : null }
}

async function responseTo(
  parts: LeakDeskParts,
  key: KeyRecord,
  report: LeakReport,
  actor: Actor | undefined,
): Promise<LeakResponse> {
  const { keyId } = key
  const atMs = parts.clock.wallMs()
  const where = placeOf(report.where ?? '') ?? null
  const details = { source: report.source, where }
  const link = { linkId: randomId(LINK_ID_LENGTH), keyId, purpose: 'leaked', createdAtMs: atMs }
  const linkId = (await hasEnded(parts, key, atMs)) ? null : link.linkId
  const notice = {
    name: `leaked-${keyId}`,
    kind: 'key.leaked',
    key,
    linkId,
    atMs,
    details,
  } as const
  return {
    atMs,
    link: { ...link, purpose: 'leaked' },
    mails: mailsOf(notice, parts.operatorCopy),
    leaked: entryOf(parts, 'key.leaked', { keyId, atMs }, actor, details),
    revoked: entryOf(parts, 'key.revoked', { keyId, atMs }, actor, {}),
  }
}

/**
 * What an operator disabled, or what has expired, is not brought back by its owner's report: the mail
 * goes out without a link, and a link that no mail has opens for nobody.
 */
async function hasEnded({ store }: LeakDeskParts, key: KeyRecord, atMs: number): Promise<boolean> {
  const status = keyStatusAt(key, atMs)
  if (status === 'expired' || (key.expiresAtMs !== null && key.expiresAtMs <= atMs)) return true
  return status === 'disabled' && !(await isSuspended(store, key.keyId))
}
