/**
 * Learns of what operators change elsewhere: caps that were set, and spend that was reset. Once a second
 * it reads what the audit log says of that, from where it stopped; a store that tells of changes by
 * other processes is only asked after one.
 *
 * A scope that had no cap was not counted. So when caps change, spend is read anew from the ledger, and
 * again when every other instance knows of them, too, and counts its calls.
 */
import type { AuditEvent } from '../../core/audit.ts'
import type { Store } from '../../core/ports/store.ts'
import type { CapsBook } from './caps-book.ts'
import type { Trust } from './trust.ts'

const PAGE_SIZE = 1_000
const EVENTS: readonly AuditEvent[] = ['spend.capped', 'spend.reset']
/** Reads until every instance has learned of a change. */
const READS_TO_SETTLE = 3

export interface SpendFeedParts {
  readonly store: Pick<
    Store,
    'readAudit' | 'readAuditTail' | 'tellsOfChanges' | 'externalRevision' | 'listSpendCaps'
  >
  readonly caps: CapsBook
  readonly trust: Trust
}

export class SpendFeed {
  readonly #parts: SpendFeedParts
  #position = 0
  #revision: number
  #unsettledReads = 0

  constructor(parts: SpendFeedParts) {
    this.#parts = parts
    this.#revision = parts.store.externalRevision()
  }

  /** What was set before this process began. */
  async start(): Promise<void> {
    const [newest] = await this.#parts.store.readAuditTail({ pageSize: 1 })
    this.#position = newest?.position ?? 0
    await this.loadCaps()
  }

  async loadCaps(): Promise<void> {
    const { caps, store, trust } = this.#parts
    if (!caps.load(await store.listSpendCaps())) return
    trust.distrust()
    this.#unsettledReads = READS_TO_SETTLE
  }

  /** Rejects when the store failed; the next call reads the same again. */
  async read(): Promise<void> {
    const { store, trust } = this.#parts
    if (this.#unsettledReads > 0) {
      this.#unsettledReads -= 1
      trust.distrust()
    }
    const revision = store.externalRevision()
    if (store.tellsOfChanges && revision === this.#revision) return
    await this.#readNew()
    this.#revision = revision
  }

  async #readNew(): Promise<void> {
    const { store, trust } = this.#parts
    for (;;) {
      const afterPosition = this.#position
      const page = await store.readAudit({ afterPosition, events: EVENTS, pageSize: PAGE_SIZE })
      if (page.some(({ row }) => row.event === 'spend.capped')) await this.loadCaps()
      if (page.some(({ row }) => row.event === 'spend.reset')) trust.distrust()
      this.#position = page.at(-1)?.position ?? afterPosition
      if (page.length < PAGE_SIZE) return
    }
  }
}
