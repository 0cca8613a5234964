/**
 * The units of one subject that this instance admitted by itself. Equal times are kept once, with how
 * many units there were; what its limits can no longer see is dropped from the front.
 */
import type { Limit } from '../../core/limits/limit.ts'

/** How far limits look back: in time, and in units. */
export interface Reach {
  readonly horizonMs: number
  readonly units: number
}

export function reachOf(limits: readonly Limit[]): Reach {
  let horizonMs = 0
  let units = 0
  for (const { quota, windowMs, algorithm, burst } of limits) {
    const extraQuota = burst?.extraQuota ?? 0
    const windows = algorithm === 'sliding-window' && extraQuota === 0 ? 1 : 2
    horizonMs = Math.max(horizonMs, windows * windowMs)
    units = Math.max(units, windows * quota + extraQuota)
  }
  return { horizonMs, units }
}

/** Units by the ms in which they were admitted, oldest first. */
export class UnitLog {
  limits: readonly Limit[] = []
  /** Units in it. */
  count = 0
  #timesMs: number[] = []
  #units: number[] = []
  /** Index of the oldest; what lies before it is gone. */
  #first = 0

  get newestMs(): number {
    return this.#timesMs.at(-1) ?? 0
  }

  push(atMs: number, units: number, reach: Reach): void {
    const last = this.#timesMs.length - 1
    if (last >= this.#first && this.#timesMs[last] === atMs) {
      this.#units[last] = (this.#units[last] ?? 0) + units
    } else {
      this.#timesMs.push(atMs)
      this.#units.push(units)
    }
    this.count += units
    this.#forget(atMs - reach.horizonMs, reach.units)
  }

  append(newer: UnitLog, reach: Reach): void {
    for (let index = newer.#first; index < newer.#timesMs.length; index += 1) {
      this.push(newer.#timesMs[index] ?? 0, newer.#units[index] ?? 0, reach)
    }
  }

  remove(atMs: number, units: number): void {
    let index = this.#timesMs.length - 1
    while (index > this.#first && (this.#timesMs[index] ?? 0) > atMs) index -= 1
    if (index < this.#first || this.#timesMs[index] !== atMs) return
    const removed = Math.min(units, this.#units[index] ?? 0)
    this.#units[index] = (this.#units[index] ?? 0) - removed
    this.count -= removed
  }

  /** Moves at most so many of the oldest units to a log of their own. */
  takeOldest(most: number): UnitLog {
    const taken = new UnitLog()
    taken.limits = this.limits
    const all = { horizonMs: Number.POSITIVE_INFINITY, units: Number.POSITIVE_INFINITY }
    while (taken.count < most && this.count > 0) {
      const here = this.#units[this.#first] ?? 0
      const moved = Math.min(here, most - taken.count)
      if (moved > 0) taken.push(this.#timesMs[this.#first] ?? 0, moved, all)
      this.#dropOldest(moved, moved === here)
    }
    return taken
  }

  agesMs(nowMs: number, horizonMs: number): number[] {
    const ages: number[] = []
    for (let index = this.#first; index < this.#timesMs.length; index += 1) {
      const ageMs = Math.max(0, nowMs - (this.#timesMs[index] ?? 0))
      if (ageMs >= horizonMs) continue
      for (let left = this.#units[index] ?? 0; left > 0; left -= 1) ages.push(ageMs)
    }
    return ages
  }

  #forget(untilMs: number, most: number): void {
    while (this.#first < this.#timesMs.length) {
      const here = this.#units[this.#first] ?? 0
      const expired = (this.#timesMs[this.#first] ?? 0) <= untilMs
      const tooMany = Math.min(here, this.count - most)
      if (!expired && tooMany <= 0) return
      const dropped = expired ? here : tooMany
      this.#dropOldest(dropped, dropped === here)
    }
  }

  #dropOldest(units: number, all: boolean): void {
    this.count -= units
    this.#units[this.#first] = (this.#units[this.#first] ?? 0) - units
    if (!all) return
    this.#first += 1
    if (this.#first < 64 || this.#first * 2 < this.#timesMs.length) return
    this.#timesMs = this.#timesMs.slice(this.#first)
    this.#units = this.#units.slice(this.#first)
    this.#first = 0
  }
}
