/**
 * The account of one call: what is held for it, what it has used so far, and the one settlement at its
 * end. While a stream goes on, more is held ahead of it; where that does not fit a cap, it has to stop.
 */
import type { Reservation } from '../core/decision.ts'
import { type Amount, NO_AMOUNT, NO_USAGE, type TokenUsage } from '../core/spend/amount.ts'
import { costMicroUsd } from '../core/spend/cost.ts'
import type { ModelPrice } from '../core/spend/prices.ts'
import type { Metered } from '../metering/index.ts'

/** Of what was held first: how much more is asked for at once. */
const STEP = 0.25

export class CallAccount {
  readonly #reservation: Reservation
  readonly #price: ModelPrice
  readonly #step: Amount
  readonly #whenSettled: (() => void)[] = []
  #isSettled = false

  constructor(reservation: Reservation, price: ModelPrice) {
    this.#reservation = reservation
    this.#price = price
    const { microUsd, tokens } = reservation.held
    this.#step = { microUsd: Math.ceil(microUsd * STEP), tokens: Math.ceil(tokens * STEP) }
  }

  /** Whether the call may have used this much; holds more where it has to. */
  async covers({ usage }: Metered): Promise<boolean> {
    const { held } = this.#reservation
    const used = this.#amountOf(usage)
    const missing = {
      microUsd: Math.max(0, used.microUsd - held.microUsd),
      tokens: Math.max(0, used.tokens - held.tokens),
    }
    if (missing.microUsd === 0 && missing.tokens === 0) return true
    return this.#reservation.extend({
      microUsd: missing.microUsd === 0 ? 0 : missing.microUsd + this.#step.microUsd,
      tokens: missing.tokens === 0 ? 0 : missing.tokens + this.#step.tokens,
    })
  }

  /** Calls back once the call has ended: at once where it has. */
  onSettled(end: () => void): void {
    if (this.#isSettled) end()
    else this.#whenSettled.push(end)
  }

  /** The response that it was made for is over: its hold runs out, unless it ends before. */
  abandon(): void {
    this.#reservation.abandon()
  }

  /** The first end counts: charged by what was used, or by nothing where the API bills nothing. */
  settle(used: TokenUsage | 'nothing'): void {
    if (this.#isSettled) return
    this.#isSettled = true
    for (const end of this.#whenSettled) end()
    if (used === 'nothing') this.#reservation.settle(NO_AMOUNT, NO_USAGE)
    else this.#reservation.settle(this.#amountOf(used), used)
  }

  #amountOf(usage: TokenUsage): Amount {
    const tokens = usage.inputTokens + usage.outputTokens
    return { microUsd: costMicroUsd(this.#price, usage), tokens }
  }
}
