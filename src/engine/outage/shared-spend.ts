/**
 * The money of shared counters, behind the same deadline as everything else there. Nobody can stand in
 * for them: in an outage each call rejects, and what they did not hear of, they learn from the ledger
 * when they are seeded anew.
 */
import type {
  CapStatus,
  Hold,
  Receipt,
  SharedCounters,
  SpendCharge,
  SpendCounters,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type Amount, NO_AMOUNT } from '../../core/spend/amount.ts'
import { refuseSpend } from './alone.ts'
import type { SharedCalls } from './shared-calls.ts'

export interface SharedSpendParts {
  readonly shared: SharedCounters
  readonly calls: SharedCalls
  readonly isOut: () => boolean
  readonly log: Logger
}

export class SharedSpend implements SpendCounters {
  readonly #parts: SharedSpendParts

  constructor(parts: SharedSpendParts) {
    this.#parts = parts
  }

  nowMs(): number | Promise<number> {
    return this.#ask((shared) => shared.nowMs())
  }

  seed(seeds: readonly SpendSeed[]): void | Promise<void> {
    return this.#ask((shared) => shared.seed(seeds))
  }

  settleHold(hold: TakenHold, actual: Amount): void | Promise<void> {
    return this.#ask((shared) => shared.settleHold(hold, actual))
  }

  spendStatus(
    charges: readonly SpendCharge[],
  ): readonly (readonly CapStatus[])[] | Promise<readonly (readonly CapStatus[])[]> {
    return this.#ask((shared) => shared.spendStatus(charges))
  }

  /** A hold that nobody waited for. The counters are asked even in an outage; nobody waits for that. */
  giveBack({ id, charges }: Hold, { atMs }: Receipt): void {
    const { shared, log } = this.#parts
    new Promise<void>((settled) =>
      settled(shared.settleHold({ id, atMs, charges }, NO_AMOUNT)),
    ).catch((error: unknown) => log.debug({ err: error }, 'a hold could not be given back'))
  }

  #ask<T>(call: (shared: SharedCounters) => T | Promise<T>): T | Promise<T> {
    const { shared, calls, isOut } = this.#parts
    if (isOut()) return new Promise((resolve) => resolve(refuseSpend()))
    return calls.ask<T>(() => call(shared), { instead: refuseSpend })
  }
}
