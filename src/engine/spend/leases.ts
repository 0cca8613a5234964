/** Leases of the reservations that this process holds: renewed while it lives, all at once. */
import type { Clock } from '../../core/ports/clock.ts'
import type { Ledger } from '../../core/ports/ledger.ts'

/** A reservation outlives its process by this, and by the time until somebody looks: 60 s in all. */
const LEASE_MS = 55_000
const RENEW_MS = 15_000
const IDS_PER_CALL = 1_000

export class Leases {
  readonly #ledger: Pick<Ledger, 'renewSpend'>
  readonly #clock: Clock
  readonly #ids = new Set<string>()
  #renewedAtMs: number

  constructor(ledger: Pick<Ledger, 'renewSpend'>, clock: Clock) {
    this.#ledger = ledger
    this.#clock = clock
    this.#renewedAtMs = clock.monotonicMs()
  }

  get size(): number {
    return this.#ids.size
  }

  /** Wall time until which a lease that is taken now runs. */
  endMs(): number {
    return this.#clock.wallMs() + LEASE_MS
  }

  keep(id: string): void {
    this.#ids.add(id)
  }

  release(id: string): void {
    this.#ids.delete(id)
  }

  /** Renews what is due. Rejects when the store failed; the next call tries again. */
  async renew(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#renewedAtMs < RENEW_MS) return
    const ids = [...this.#ids]
    for (let start = 0; start < ids.length; start += IDS_PER_CALL) {
      await this.#ledger.renewSpend(ids.slice(start, start + IDS_PER_CALL), this.endMs())
    }
    this.#renewedAtMs = nowMs
  }
}
