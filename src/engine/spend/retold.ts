/**
 * What calls have cost, of which counters may know nothing, or may have been told by the ledger that the
 * call still runs: they are told again, once no such answer can be on its way any more. Idempotent, so
 * that nothing is counted twice. Bounded: of what is let go of, a seed tells them.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { SpendCounters, TakenHold } from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { BoundedMap } from '../bounded-map.ts'
import { STALE_READ_MS } from './seeder.ts'

const MAX_KEPT = 100_000
const AFTER_MS = STALE_READ_MS + 1_000
const AT_ONCE = 100

interface Kept {
  readonly hold: TakenHold
  readonly actual: Amount
  readonly dueAtMs: number
}

export class Retold {
  readonly #counters: Pick<SpendCounters, 'settleHold'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #kept = new BoundedMap<string, Kept>(MAX_KEPT)

  constructor(counters: Pick<SpendCounters, 'settleHold'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#counters = counters
    this.#clock = clock
  }

  add(hold: TakenHold, actual: Amount): void {
    if (hold.charges.length === 0) return
    const dueAtMs = this.#clock.monotonicMs() + AFTER_MS
    this.#kept.set(hold.id, { hold, actual, dueAtMs })
  }

  /** Rejects when the counters failed; the rest is told the next time. */
  async run(): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.monotonicMs()
      const due = this.#kept.oldest(AT_ONCE).filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
      if (due.length === 0) return
      for (const [id, { hold, actual }] of due) {
        await this.#counters.settleHold(hold, actual)
        this.#kept.delete(id)
      }
    }
  }
}
