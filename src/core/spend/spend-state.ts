/**
 * What one subject has spent: the decision over its caps.
 *
 * A hold is counted in full, at the time of its admission, until `settle` puts what it cost in its
 * place. The state does not depend on caps: whatever cap is asked about, what was used before counts.
 * It comes into being with a seed, because nothing may be admitted against sums that nobody read.
 *
 * Pure: time is an argument and never goes backwards. Bounded: 1,441 slices of a minute, 61 of a
 * second, and the calls that run or ended in the last seconds.
 */
import type { SpendSeed } from '../ports/counters.ts'
import type { Amount } from './amount.ts'
import type { SpendCap, SpendWindow } from './caps.ts'
import { Month } from './month.ts'
import { Slices } from './slices.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** A hold that was taken less than so long before a seed was read may be missing in it. */
const YOUNG_MS = 1000
/** A seed that was read so long ago is not taken any more. */
const OUTDATED_MS = 5000
/** A settlement that reaches the ledger within five seconds is in every seed that is taken after this. */
export const KEEP_SETTLED_MS = 10_000

interface Entry extends Amount {
  readonly atMs: number
}

interface HeldEntry extends Entry {
  /** The ledger was seen to know it: where it does not any more, the call has ended. */
  readonly isInLedger: boolean
}

interface SettledEntry extends Entry {
  readonly settledAtMs: number
}

export class SpendState {
  readonly #seconds = new Slices(SECOND_MS, MINUTE_MS)
  readonly #minutes = new Slices(MINUTE_MS, DAY_MS)
  readonly #month = new Month()
  #holds = new Map<string, HeldEntry>()
  /** Those of the last seconds, in the order of their settling. */
  readonly #settled = new Map<string, SettledEntry>()
  /** Stands before the oldest that was not looked at: one made anew steps over all that were deleted. */
  #order = this.#settled.entries()
  #oldest: readonly [id: string, entry: SettledEntry] | undefined
  #readAtMs = 0
  #seededAtMs = 0

  constructor(seed: SpendSeed, nowMs: number) {
    this.#replace(seed, nowMs)
  }

  /** When the ledger was read: what it is known by. */
  get readAtMs(): number {
    return this.#readAtMs
  }

  /** True while it knows something that a new seed would not. */
  isNeeded(nowMs: number): boolean {
    this.#forgetSettled(nowMs)
    return this.#holds.size > 0 || this.#settled.size > 0
  }

  /** What is used of a cap: settled and held. */
  used({ unit, window }: SpendCap, nowMs: number): number {
    const counted = this.#windowOf(window)
    counted.moveTo(nowMs)
    return counted.used(unit)
  }

  fits(cap: SpendCap, amount: Amount, nowMs: number): boolean {
    return this.used(cap, nowMs) + unitsOf(cap, amount) <= cap.quota
  }

  /**
   * Ms until the amount fits, if nothing else is used; 0: it does. One that can never fit waits for
   * a whole window.
   */
  waitMs(cap: SpendCap, amount: Amount, nowMs: number): number {
    if (this.fits(cap, amount, nowMs)) return 0
    if (cap.window === 'month') return this.#month.endMs - nowMs
    const most = cap.quota - unitsOf(cap, amount)
    if (most < 0) return cap.window === 'day' ? DAY_MS : MINUTE_MS
    const slices = cap.window === 'day' ? this.#minutes : this.#seconds
    return slices.fallsToMs(cap.unit, most) - nowMs
  }

  /** Holds the amount, whether it fits or not. */
  take(id: string, amount: Amount, nowMs: number): void {
    const { microUsd, tokens } = amount
    this.#hold(id, { atMs: nowMs, microUsd, tokens, isInLedger: false }, nowMs)
  }

  /** Counts `actual` in place of a hold; a hold that is not there changes nothing. */
  settle(id: string, actual: Amount, nowMs: number): void {
    const held = this.#holds.get(id)
    if (held === undefined) return
    this.#holds.delete(id)
    this.#forgetSettled(nowMs)
    const { atMs } = held
    const { microUsd, tokens } = actual
    this.#settled.set(id, { atMs, microUsd, tokens, settledAtMs: nowMs })
    const more = { microUsd: microUsd - held.microUsd, tokens: tokens - held.tokens }
    this.#add(atMs, more, nowMs)
  }

  /**
   * Replaces everything by what the ledger knows and what is too new for it. A seed that is older than
   * the last one, or that was read too long ago, changes nothing.
   */
  seed(seed: SpendSeed, nowMs: number): void {
    if (this.#seededAtMs >= seed.readAtMs || nowMs - seed.readAtMs >= OUTDATED_MS) return
    this.#replace(seed, nowMs)
  }

  #replace(seed: SpendSeed, nowMs: number): void {
    const before = this.#holds
    this.#readAtMs = Math.min(seed.readAtMs, nowMs)
    this.#seededAtMs = nowMs
    this.#holds = new Map()
    this.#countSums(seed, nowMs)
    this.#countOpen(seed, nowMs)
    for (const [id, held] of before) {
      const isTooNew = !held.isInLedger && held.atMs > seed.readAtMs - YOUNG_MS
      if (isTooNew && !this.#holds.has(id)) this.#hold(id, held, nowMs)
    }
  }

  #countSums({ minutes, month }: SpendSeed, nowMs: number): void {
    this.#seconds.clear()
    this.#minutes.clear()
    this.#month.clear()
    this.#moveTo(nowMs)
    for (const { startMs, microUsd, tokens } of minutes) {
      const amount = { microUsd, tokens }
      this.#minutes.add(Math.min(startMs, nowMs), amount, nowMs)
      this.#seconds.add(Math.min(startMs + MINUTE_MS - SECOND_MS, nowMs), amount, nowMs)
    }
    this.#month.add(month.startMs, month)
  }

  /** Calls that were open: as holds, or at their cost where they were settled here meanwhile. */
  #countOpen({ open, readAtMs }: SpendSeed, nowMs: number): void {
    this.#forgetSettled(nowMs)
    const known = new Set<string>()
    for (const { id, atMs, microUsd, tokens } of open) {
      const settled = this.#settled.get(id)
      known.add(id)
      const held = { atMs: Math.min(atMs, nowMs), microUsd, tokens, isInLedger: true }
      if (settled !== undefined) this.#add(settled.atMs, settled, nowMs)
      else this.#hold(id, held, nowMs)
    }
    for (const [id, settled] of this.#settled) {
      if (settled.settledAtMs < readAtMs || known.has(id)) continue
      this.#add(settled.atMs, settled, nowMs)
    }
  }

  #hold(id: string, held: HeldEntry, nowMs: number): void {
    this.#holds.set(id, held)
    this.#add(held.atMs, held, nowMs)
  }

  #add(atMs: number, amount: Amount, nowMs: number): void {
    this.#moveTo(nowMs)
    this.#seconds.add(atMs, amount, nowMs)
    this.#minutes.add(atMs, amount, nowMs)
    this.#month.add(atMs, amount)
  }

  #moveTo(nowMs: number): void {
    this.#seconds.moveTo(nowMs)
    this.#minutes.moveTo(nowMs)
    this.#month.moveTo(nowMs)
  }

  #windowOf(window: SpendWindow): Slices | Month {
    if (window === 'month') return this.#month
    return window === 'day' ? this.#minutes : this.#seconds
  }

  #forgetSettled(nowMs: number): void {
    for (;;) {
      this.#oldest ??= this.#nextSettled()
      if (this.#oldest === undefined) return
      const [id, entry] = this.#oldest
      if (nowMs - entry.settledAtMs < KEEP_SETTLED_MS) return
      // The same id can have been settled again, and stands at the end then.
      if (this.#settled.get(id) === entry) this.#settled.delete(id)
      this.#oldest = undefined
    }
  }

  #nextSettled(): [string, SettledEntry] | undefined {
    if (this.#settled.size === 0) return undefined
    const next = this.#order.next()
    if (next.done !== true) return next.value
    this.#order = this.#settled.entries()
    return this.#order.next().value
  }
}

function unitsOf({ unit }: SpendCap, amount: Amount): number {
  return unit === 'tokens' ? amount.tokens : amount.microUsd
}
