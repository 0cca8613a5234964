/**
 * A reservation as its caller holds it: the worst case of a call, and what it was extended by, each with
 * a hold in the counters and a row in the ledger of its own.
 */
import type { Reservation } from '../../core/decision.ts'
import type { TakenHold } from '../../core/ports/counters.ts'
import type { SpendSettlement } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type Amount, NO_AMOUNT, NO_USAGE, type TokenUsage } from '../../core/spend/amount.ts'
import type { Leases } from './leases.ts'

/** What was taken at one time. */
export interface HeldPart {
  readonly hold: TakenHold
  readonly amount: Amount
}

export interface ReservationParts {
  /** Holds more; undefined where it does not fit. Rejects where nobody can tell. */
  readonly more: (amount: Amount) => Promise<HeldPart | undefined>
  readonly settle: (hold: TakenHold, settlement: SpendSettlement) => void
  readonly leases: Pick<Leases, 'abandon'>
  readonly log: Logger
}

export class HeldReservation implements Reservation {
  readonly id: string
  readonly #parts: ReservationParts
  readonly #held: HeldPart[]
  #isSettled = false
  #isAbandoned = false

  constructor(first: HeldPart, parts: ReservationParts) {
    this.id = first.hold.id
    this.#held = [first]
    this.#parts = parts
  }

  get held(): Amount {
    return this.#held.map(({ amount }) => amount).reduce(sumOf)
  }

  async extend(more: Amount): Promise<boolean> {
    if (this.#isSettled || this.#isAbandoned) return false
    let part: HeldPart | undefined
    try {
      part = await this.#parts.more(more)
    } catch (error) {
      this.#parts.log.debug({ err: error, reservation: this.id }, 'nobody can tell what is left')
      return false
    }
    if (part === undefined) return false
    // The call may be over meanwhile, and then it has paid.
    if (this.#isSettled) this.#settlePart(part, NO_AMOUNT, NO_USAGE, true)
    else this.#held.push(part)
    if (this.#isAbandoned) this.#parts.leases.abandon(part.hold.id)
    return !this.#isSettled && !this.#isAbandoned
  }

  settle(amount: Amount, usage: TokenUsage): void {
    if (this.#isSettled) return
    this.#isSettled = true
    let rest = this.#legalOf(amount)
    for (const [index, part] of this.#held.entries()) {
      const isLast = index === this.#held.length - 1
      const share = isLast ? rest : smallerOf(rest, part.amount)
      rest = { microUsd: rest.microUsd - share.microUsd, tokens: rest.tokens - share.tokens }
      this.#settlePart(part, share, index === 0 ? usage : NO_USAGE, index > 0)
    }
  }

  abandon(): void {
    if (this.#isSettled) return
    this.#isAbandoned = true
    for (const { hold } of this.#held) this.#parts.leases.abandon(hold.id)
  }

  #settlePart({ hold }: HeldPart, amount: Amount, usage: TokenUsage, isExtension: boolean): void {
    const settlement = { id: hold.id, amount, usage }
    this.#parts.settle(hold, isExtension ? { ...settlement, isExtension } : settlement)
  }

  /** A cost that is no number of whole units is a bug, which must not make a call free. */
  #legalOf(amount: Amount): Amount {
    if (isAmount(amount)) return amount
    this.#parts.log.error(
      { reservation: this.id, ...amount },
      'a cost must be whole and at least 0',
    )
    return this.held
  }
}

export const isAmount = ({ microUsd, tokens }: Amount): boolean =>
  Number.isSafeInteger(microUsd) && microUsd >= 0 && Number.isSafeInteger(tokens) && tokens >= 0

const sumOf = (a: Amount, b: Amount): Amount => ({
  microUsd: a.microUsd + b.microUsd,
  tokens: a.tokens + b.tokens,
})

const smallerOf = (a: Amount, b: Amount): Amount => ({
  microUsd: Math.min(a.microUsd, b.microUsd),
  tokens: Math.min(a.tokens, b.tokens),
})
