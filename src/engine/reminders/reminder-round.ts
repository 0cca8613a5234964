/**
 * Reminds owners of keys that are about to expire, once an hour. The mail of a stage has a name of its
 * own for each key and expiry, and the store takes each name once: so however many processes do this,
 * however often, an owner gets one mail. Keys that were rotated are left alone: whoever did that knows.
 */
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { NewMail } from '../../core/mail.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { KeyQuery, Store } from '../../core/ports/store.ts'
import { mailsOf } from '../post/notices.ts'
import { daysLeft, durationName, stageOf } from './stage.ts'

const KEYS_PER_PAGE = 250

export interface ReminderParts {
  readonly store: Pick<Store, 'listKeys' | 'enqueueMail'>
  readonly clock: Clock
  /** How long before the expiry, in any order; none: nobody is reminded. */
  readonly remindersMs: readonly number[]
  /** An e-mail address that gets a copy of each mail; null: nobody. */
  readonly operatorCopy: string | null
  /** Mail is waiting. */
  readonly kick: () => void
}

export class ReminderRound {
  readonly #parts: ReminderParts

  constructor(parts: ReminderParts) {
    this.#parts = parts
  }

  /** Rejects when the store failed; what was queued by then is sent, and once only. */
  async run(): Promise<void> {
    const { store, clock, remindersMs, kick } = this.#parts
    if (remindersMs.length === 0) return
    const nowMs = clock.wallMs()
    const query: KeyQuery = {
      status: 'active',
      isRotated: false,
      expiresAfterMs: nowMs,
      expiresUntilMs: nowMs + Math.max(...remindersMs),
      pageSize: KEYS_PER_PAGE,
    }
    let after: string | undefined
    do {
      const keys = await store.listKeys(after === undefined ? query : { ...query, after })
      const mails = keys.flatMap((key) => this.#mailsAbout(key, nowMs))
      if (mails.length > 0 && (await store.enqueueMail(mails)) > 0) kick()
      after = keys.length < KEYS_PER_PAGE ? undefined : keys.at(-1)?.keyId
    } while (after !== undefined)
  }

  #mailsAbout(key: KeyRecord, nowMs: number): readonly NewMail[] {
    const { remindersMs, operatorCopy } = this.#parts
    const { keyId, expiresAtMs } = key
    const stageMs = stageOf(key, nowMs, remindersMs)
    if (expiresAtMs === null || stageMs === undefined) return []
    const details = {
      expires_at: new Date(expiresAtMs).toISOString(),
      days_left: daysLeft(expiresAtMs, nowMs),
    }
    const name = `expiring-${keyId}-${durationName(stageMs)}-${expiresAtMs}`
    const notice = { name, kind: 'key.expiring', key, linkId: null, atMs: nowMs, details } as const
    return mailsOf(notice, operatorCopy)
  }
}
