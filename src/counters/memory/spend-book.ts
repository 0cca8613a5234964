/**
 * Spend in the memory of one process: a state per subject, each begun with a seed from the ledger.
 *
 * Bounded: beyond `size` subjects a new one takes the place of the one that was not asked about for
 * longest, unless calls of that one run or have just ended. What is dropped is seeded again when it is
 * needed, so dropping costs a read and never a cap. Only where all are needed does it grow; then the
 * calls that run or ended within seconds bound it, and it shrinks again as new ones come.
 */
import type { LimitLook } from '../../core/limits/refusal.ts'
import type {
  CapStatus,
  Hold,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { KEEP_SETTLED_MS, SpendState } from '../../core/spend/spend-state.ts'

const LOOKED_AT_PER_NEW_SUBJECT = 4

export class SpendBook {
  readonly #size: number
  /** By last use, the least recent first. */
  readonly #states = new Map<string, SpendState>()
  /** When a subject was last dropped. */
  #droppedAtMs = 0

  constructor(size: number) {
    this.#size = size
  }

  get count(): number {
    return this.#states.size
  }

  /** The subjects of a hold of which nothing is known that can be believed. */
  unseeded({ charges, seededSinceMs }: Hold): string[] {
    const missing: string[] = []
    for (const { subject } of charges) {
      const state = this.#states.get(subject)
      if (state === undefined || state.readAtMs < seededSinceMs) missing.push(subject)
      else this.#renew(subject, state)
    }
    return missing
  }

  /** True when the hold fits every cap of every subject. */
  fits({ amount, charges }: Hold, nowMs: number): boolean {
    for (const { subject, caps } of charges) {
      const state = this.#states.get(subject)
      if (state === undefined) return false
      for (const cap of caps) if (!state.fits(cap, amount, nowMs)) return false
    }
    return true
  }

  /** How each cap looks at the hold, one list per charge. */
  looksAt({ amount, charges }: Hold, nowMs: number): LimitLook[][] {
    return charges.map(({ subject, caps }) =>
      caps.map((cap) => {
        const waitMs = this.#states.get(subject)?.waitMs(cap, amount, nowMs) ?? 0
        return { name: cap.name, waitMs, fits: waitMs === 0 }
      }),
    )
  }

  take({ id, amount, charges }: Hold, nowMs: number): void {
    for (const { subject } of charges) this.#states.get(subject)?.take(id, amount, nowMs)
  }

  settle({ id, charges }: TakenHold, actual: Amount, nowMs: number): void {
    for (const { subject } of charges) this.#states.get(subject)?.settle(id, actual, nowMs)
  }

  seed(seeds: readonly SpendSeed[], nowMs: number): void {
    for (const seed of seeds) {
      const state = this.#states.get(seed.subject)
      if (state !== undefined) state.seed(seed, nowMs)
      else if (!this.#mayBeOutdated(seed)) this.#begin(seed, nowMs)
    }
  }

  status(charges: readonly SpendCharge[], nowMs: number): CapStatus[][] {
    return charges.map(({ subject, caps }) => {
      const state = this.#states.get(subject)
      return caps.map((cap) => ({ cap, used: state?.used(cap, nowMs) ?? 0 }))
    })
  }

  clear(): void {
    this.#states.clear()
  }

  /** True where calls that a dropped subject had settled may have begun after the seed was read. */
  #mayBeOutdated({ readAtMs }: SpendSeed): boolean {
    return readAtMs < this.#droppedAtMs - KEEP_SETTLED_MS
  }

  #begin(seed: SpendSeed, nowMs: number): void {
    if (this.#states.size >= this.#size) this.#makeRoom(nowMs)
    this.#states.set(seed.subject, new SpendState(seed, nowMs))
  }

  #renew(subject: string, state: SpendState): void {
    this.#states.delete(subject)
    this.#states.set(subject, state)
  }

  /** Drops those of the least recently used that are not needed, until there is room for one. */
  #makeRoom(nowMs: number): void {
    let left = LOOKED_AT_PER_NEW_SUBJECT
    for (const [subject, state] of this.#states) {
      if (this.#states.size < this.#size || left === 0) return
      left -= 1
      if (state.isNeeded(nowMs)) {
        this.#renew(subject, state)
        continue
      }
      this.#states.delete(subject)
      this.#droppedAtMs = nowMs
    }
  }
}
