/** Leases of the reservations that this process holds: renewed while it lives, all at once. */
import type { Clock } from '../../core/ports/clock.ts'
import type { Ledger } from '../../core/ports/ledger.ts'
import { BoundedMap } from '../bounded-map.ts'

/** A reservation outlives its process by this, and by the time until somebody looks: 60 s in all. */
const LEASE_MS = 55_000
const RENEW_MS = 15_000
const IDS_PER_CALL = 1_000
const MAX_ABANDONED = 10_000

export class Leases {
  readonly #ledger: Pick<Ledger, 'renewSpend'>
  readonly #clock: Clock
  /** When each ends, on the monotonic scale. */
  readonly #ends = new Map<string, number>()
  readonly #abandoned = new BoundedMap<string, number>(MAX_ABANDONED)
  #renewedAtMs: number

  constructor(ledger: Pick<Ledger, 'renewSpend'>, clock: Clock) {
    this.#ledger = ledger
    this.#clock = clock
    this.#renewedAtMs = clock.monotonicMs()
  }

  /** Wall time until which a lease that is taken now runs. */
  endMs(): number {
    return this.#clock.wallMs() + LEASE_MS
  }

  /** It was taken just now. */
  keep(id: string): void {
    this.#ends.set(id, this.#clock.monotonicMs() + LEASE_MS)
  }

  /** It runs out. */
  abandon(id: string): void {
    const endMs = this.#ends.get(id)
    if (endMs === undefined) return
    this.#ends.delete(id)
    this.#abandoned.set(id, endMs)
  }

  /** It is not needed any more. False where it may have run out, or is not known. */
  release(id: string): boolean {
    const endMs = this.#ends.get(id) ?? this.#abandoned.get(id)
    this.#ends.delete(id)
    this.#abandoned.delete(id)
    return endMs !== undefined && this.#clock.monotonicMs() < endMs
  }

  /** Renews what is due. Rejects when the store failed; the next call tries again. */
  async renew(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#renewedAtMs < RENEW_MS) return
    const ids = [...this.#ends.keys()]
    for (let start = 0; start < ids.length; start += IDS_PER_CALL) {
      await this.#renewSome(ids.slice(start, start + IDS_PER_CALL))
    }
    this.#renewedAtMs = nowMs
  }

  /** One that has run out is passed over by the ledger, so it stays as it is here. */
  async #renewSome(ids: readonly string[]): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    await this.#ledger.renewSpend(ids, this.endMs())
    for (const id of ids) {
      const endMs = this.#ends.get(id)
      if (endMs !== undefined && nowMs < endMs) this.#ends.set(id, nowMs + LEASE_MS)
    }
  }
}
