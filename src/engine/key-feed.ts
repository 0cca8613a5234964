/**
 * Learns of changes of keys from the audit log, for stores that cannot tell of them by themselves.
 *
 * Once a second it reads what was recorded of keys since it last did, and forgets those keys. So a
 * key that another instance revoked is refused within two seconds, even if its new version never
 * reached the counters, or was lost there. Where the counters know the version, they are faster.
 *
 * It is also how a key cache knows how fresh it is: what is cached was right when the last read began.
 * While reads fail, it goes on serving for a minute. When they succeed again every key is asked for
 * anew, because the store that is back may not be the one that went away.
 */
import { AUDIT_EVENTS } from '../core/audit.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'
import { type Freshness, STORE_OUTAGE_GRACE_MS } from './freshness.ts'

const PAGE_SIZE = 1_000
const KEY_EVENTS = AUDIT_EVENTS.filter((event) => event.startsWith('key.'))

export class KeyFeed implements Freshness {
  readonly #store: Pick<Store, 'readAudit' | 'readAuditTail'>
  readonly #clock: Clock
  #position = 0
  #generation = 0
  #answeredAtMs: number
  #interrupted = false

  constructor(store: Pick<Store, 'readAudit' | 'readAuditTail'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.#answeredAtMs = clock.monotonicMs()
  }

  generation(): number {
    return this.#generation
  }

  get storeAnswers(): boolean {
    return this.#clock.monotonicMs() - this.#answeredAtMs <= STORE_OUTAGE_GRACE_MS
  }

  get answeredAtMs(): number {
    return this.#answeredAtMs
  }

  /** What is recorded already is no news: nothing is cached yet. */
  async skipExisting(): Promise<void> {
    const [newest] = await this.#store.readAuditTail({ pageSize: 1 })
    this.#position = newest?.position ?? 0
  }

  /** Tells of each key that changed since the last read, in order. Rejects when the store fails. */
  async read(onChange: (keyId: string) => void): Promise<void> {
    const beganAtMs = this.#clock.monotonicMs()
    try {
      if (this.#interrupted) await this.#startOver()
      await this.#readNew(onChange)
      this.#answeredAtMs = beganAtMs
    } catch (error) {
      this.#interrupted = true
      throw error
    }
  }

  async #startOver(): Promise<void> {
    await this.skipExisting()
    this.#generation += 1
    this.#interrupted = false
  }

  async #readNew(onChange: (keyId: string) => void): Promise<void> {
    for (;;) {
      const afterPosition = this.#position
      const query = { afterPosition, events: KEY_EVENTS, pageSize: PAGE_SIZE }
      const page = await this.#store.readAudit(query)
      for (const { position, row } of page) {
        this.#position = position
        if (row.keyId !== null) onChange(row.keyId)
      }
      if (page.length < PAGE_SIZE) return
    }
  }
}
