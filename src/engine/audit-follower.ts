/**
 * Shows every audit row to a sink once it is durable, whoever wrote it: this process or a CLI beside
 * it. Reads by position, so that nothing is shown twice or left out.
 */
import type { AuditRow } from '../core/audit.ts'
import type { Store } from '../core/ports/store.ts'

const PAGE_SIZE = 1_000

export class AuditFollower {
  readonly #store: Pick<Store, 'readAudit' | 'readAuditTail'>
  readonly #sink: (row: AuditRow) => void
  #position = 0

  constructor(store: Pick<Store, 'readAudit' | 'readAuditTail'>, sink: (row: AuditRow) => void) {
    this.#store = store
    this.#sink = sink
  }

  /** Rows that are there already are not shown. */
  async skipExisting(): Promise<void> {
    const [newest] = await this.#store.readAuditTail({ pageSize: 1 })
    this.#position = newest?.position ?? 0
  }

  async showNew(): Promise<void> {
    for (;;) {
      const page = await this.#store.readAudit({
        afterPosition: this.#position,
        pageSize: PAGE_SIZE,
      })
      for (const { position, row } of page) {
        this.#position = position
        this.#sink(row)
      }
      if (page.length < PAGE_SIZE) return
    }
  }
}
