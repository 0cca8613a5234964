/** The calendar month in UTC, and what was used in it. */
import type { Amount } from './amount.ts'
import type { SpendUnit } from './caps.ts'

/** 00:00 UTC of the 1st of the month of `atMs`, or of the month so many later. */
export function monthStartMs(atMs: number, later = 0): number {
  const at = new Date(atMs)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later)
}

/** What was used in the month that runs. Time is an argument and never goes backwards. */
export class Month {
  #startMs = 0
  /** When the next month begins. */
  endMs = 0
  #microUsd = 0
  #tokens = 0

  /** What is used, as of the last `moveTo`. */
  used(unit: SpendUnit): number {
    return unit === 'tokens' ? this.#tokens : this.#microUsd
  }

  /** Begins anew where the month has ended. */
  moveTo(nowMs: number): void {
    if (nowMs < this.endMs) return
    this.#startMs = monthStartMs(nowMs)
    this.endMs = monthStartMs(nowMs, 1)
    this.#microUsd = 0
    this.#tokens = 0
  }

  /** Adds what was used at `atMs`; another month is let be. Amounts below 0 take off. */
  add(atMs: number, { microUsd, tokens }: Amount): void {
    if (atMs < this.#startMs) return
    this.#microUsd += microUsd
    this.#tokens += tokens
  }

  clear(): void {
    this.#microUsd = 0
    this.#tokens = 0
  }
}
