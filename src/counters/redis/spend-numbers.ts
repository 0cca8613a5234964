/** What is asked about money, as the numbers that the script takes: see `lua/spend-calls.ts`. */
import type { Hold, SpendCharge, SpendSeed, TakenHold } from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import type { SpendCap, SpendWindow } from '../../core/spend/caps.ts'
import type { BatchNames } from './batch-names.ts'

export type SpendCharges = readonly SpendCharge[]

const WINDOWS: Readonly<Record<SpendWindow, number>> = { minute: 1, day: 2, month: 3 }

export class SpendNumbers {
  readonly #names: BatchNames

  constructor(names: BatchNames) {
    this.#names = names
  }

  ofHold({ id, amount, charges, seededSinceMs }: Hold): readonly number[] {
    const { microUsd, tokens } = amount
    return [this.#names.id(id), seededSinceMs, microUsd, tokens, ...this.ofCharges(charges)]
  }

  ofCharges(charges: SpendCharges): readonly number[] {
    const rows = charges.flatMap(({ subject, caps }) => {
      return [this.#names.spend(subject), caps.length, ...caps.flatMap(numbersOfCap)]
    })
    return [charges.length, ...rows]
  }

  /** `undo`: it is to be as if it had never been held. The same id may then be held again. */
  ofSettlement(
    { id, charges }: Pick<TakenHold, 'id' | 'charges'>,
    { microUsd, tokens }: Amount,
    undo: boolean,
  ): readonly number[] {
    const keys = charges.flatMap(({ subject }) => this.#keysOf(subject))
    return [this.#names.id(id), microUsd, tokens, undo ? 1 : 0, charges.length, ...keys]
  }

  ofSeed({ subject, readAtMs, minutes, month, open }: SpendSeed): readonly number[] {
    return [
      ...[...this.#keysOf(subject), readAtMs, month.startMs, month.microUsd, month.tokens],
      minutes.length,
      ...minutes.flatMap(({ startMs, microUsd, tokens }) => [startMs, microUsd, tokens]),
      open.length,
      ...open.flatMap(({ id, atMs, microUsd, tokens }) => {
        return [this.#names.id(id), atMs, microUsd, tokens]
      }),
    ]
  }

  #keysOf(subject: string): readonly number[] {
    return [this.#names.spend(subject), this.#names.settledSpend(subject)]
  }
}

function numbersOfCap({ window, unit, quota }: SpendCap): readonly number[] {
  return [WINDOWS[window], unit === 'tokens' ? 1 : 0, quota]
}
