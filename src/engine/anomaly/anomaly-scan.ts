/**
 * Looks for strange use once a minute: of the keys that were used since the last look, by what all
 * processes have saved. What is strange becomes an audit row, a link and a mail, and with `suspend` a
 * disabled key, as one change of the store; then quiet for a day, so that several processes that look
 * at the same time raise one alarm, and an attack that goes on brings no second mail.
 *
 * A key whose alarm fails does not keep the others waiting. The whole look is repeated a minute later.
 */
import { randomId } from '../../core/crypto.ts'
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SuspicionResponse } from '../../core/ports/links.ts'
import type { Store } from '../../core/ports/store.ts'
import type { AnomalySettings } from '../../core/settings.ts'
import { type AnnounceParts, announce } from '../key-changes.ts'
import { entryOf } from '../key-entries.ts'
import { mailsOf, type Notice } from '../post/notices.ts'
import { type Strangeness, strangenessOf } from './strange.ts'

const QUIET_MS = 24 * 60 * 60 * 1000
/** Use is saved a few seconds late, and clocks of instances differ. */
const OVERLAP_MS = 120_000
/** A restart looks at what was used in the hour before it. */
const FIRST_LOOK_BACK_MS = 60 * 60 * 1000
/** A key has up to 256 rows of activity; where the store is a file, this thread reads them. */
const KEYS_PER_PAGE = 20
const LINK_ID_LENGTH = 16

export interface AnomalyScanParts extends AnnounceParts {
  readonly store: Pick<Store, 'listActiveKeys' | 'findActivity' | 'findKey' | 'raiseSuspicion'>
  readonly clock: Clock
  readonly settings: AnomalySettings
  readonly defaultActor: string
  /** An e-mail address that gets a copy of each mail; null: nobody. */
  readonly operatorCopy: string | null
  /** Mail is waiting. */
  readonly kick: () => void
}

export class AnomalyScan {
  readonly #parts: AnomalyScanParts
  #lookedAtMs: number

  constructor(parts: AnomalyScanParts) {
    this.#parts = parts
    this.#lookedAtMs = parts.clock.wallMs() - FIRST_LOOK_BACK_MS
  }

  /** Rejects when the store failed; what was raised by then stays. */
  async run(): Promise<void> {
    const { store, clock, settings } = this.#parts
    if (settings.action === 'off') return
    const nowMs = clock.wallMs()
    // The clock may have been set back since.
    const sinceMs = Math.min(this.#lookedAtMs, nowMs) - OVERLAP_MS
    const failures: unknown[] = []
    let after = ''
    for (;;) {
      const query = { sinceMs, pageSize: KEYS_PER_PAGE, ...(after === '' ? {} : { after }) }
      const keyIds = await store.listActiveKeys(query)
      for (const activity of await store.findActivity(keyIds)) {
        const strange = strangenessOf(activity, nowMs, settings)
        if (strange === undefined) continue
        await this.#raise(activity.keyId, strange, nowMs).catch((error) => failures.push(error))
      }
      if (keyIds.length < KEYS_PER_PAGE) break
      after = keyIds.at(-1) ?? ''
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (failures.length > 0) throw failures[0]
    this.#lookedAtMs = nowMs
  }

  async #raise(keyId: string, strange: Strangeness, atMs: number): Promise<void> {
    const { store, log, kick } = this.#parts
    const found = await store.findKey(keyId)
    if (found === undefined || keyStatusAt(found, atMs) !== 'active') return
    const { key, isNew } = await store.raiseSuspicion(keyId, this.#responseTo(found, strange, atMs))
    if (!isNew) return
    await announce(this.#parts, key)
    kick()
    const { reason, seen, usual } = strange
    log.warn({ key_id: keyId, reason, seen, usual, status: key.status }, 'strange use of a key')
  }

  #responseTo(key: KeyRecord, strange: Strangeness, atMs: number): SuspicionResponse {
    const { settings, operatorCopy } = this.#parts
    const { keyId } = key
    const { reason, seen, usual, networks } = strange
    const suspend = settings.action === 'suspend'
    const details = { reason, seen, usual, where: networks.join(', ') || null }
    const linkId = randomId(LINK_ID_LENGTH)
    const notice: Notice = {
      kind: 'key.suspicious',
      ...{ name: `suspicious-${linkId}`, key, linkId, atMs },
      details: { source: null, ...details, suspended: suspend },
    }
    // A suspension is known by its two rows of one time: see `links/suspension.ts`.
    const change = { keyId, atMs }
    return {
      ...{ atMs, suspend, quietSinceMs: atMs - QUIET_MS },
      link: { linkId, keyId, purpose: 'suspicious', createdAtMs: atMs },
      mails: mailsOf(notice, operatorCopy),
      suspicious: entryOf(this.#parts, 'key.suspicious', change, undefined, details),
      disabled: entryOf(this.#parts, 'key.disabled', change, undefined, { reason: 'suspicious' }),
    }
  }
}
