/**
 * The packed log of one subject's admissions: one number per admitted unit, oldest first, in a ring.
 *
 * A request of cost c fits a limit of L per window iff the (L - c + 1)-th last admission is at least
 * one window old: one read, whatever L is. One ring serves all sliding windows of a subject. It
 * grows by about 1.5 from 4 up to the most admissions that any of its limits looks at, and then
 * forgets the oldest. Times are offsets in ms from a base: 4 bytes where the longest horizon is at
 * most 2^31 ms (24.8 days; the base moves up once every 2^30 ms), else 8 bytes.
 *
 * Times given to a ring never go backwards; its owner sees to that.
 */
import { type BlockHolder, type BlockPool, NO_PAGE, type Page } from './block-pool.ts'

/** What the limits of a subject need of its ring. */
export interface RingBounds {
  /** The newest admissions to keep. */
  readonly capacity: number
  /** Admissions of this age or more matter to no limit. */
  readonly horizonMs: number
  readonly pool: BlockPool
}

/** Longest horizon that 32-bit offsets serve: twice this still fits, so the base moves in time. */
export const MAX_NARROW_HORIZON_MS = 2 ** 31
const REBASE_OFFSET_MS = 2 ** 31 + 2 ** 30

export class AdmissionRing implements BlockHolder {
  page: Page = NO_PAGE
  blockStart = 0
  blockSize = 0
  /** Units in the ring. */
  count = 0
  #head = 0
  #baseMs: number

  constructor(nowMs: number) {
    this.#baseMs = nowMs
  }

  /** Time of the unit at `index`; 0 is the oldest, `count - 1` the newest. */
  timeAt(index: number): number {
    return this.#baseMs + (this.page[this.#position(index)] ?? 0)
  }

  /**
   * Time at which the `rank`-th newest unit (1 is the newest) leaves a window; 0 when there is none.
   * While that lies in the future, at least `rank` units are in the window.
   */
  leavesAtMs(rank: number, windowMs: number): number {
    return rank > this.count ? 0 : this.timeAt(this.count - rank) + windowMs
  }

  /** Units admitted later than `sinceMs`. */
  countAfter(sinceMs: number): number {
    if (this.count === 0 || this.timeAt(0) > sinceMs) return this.count
    let low = 1
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timeAt(middle) > sinceMs) high = middle
      else low = middle + 1
    }
    return this.count - low
  }

  /** Adds units admitted now. */
  push(nowMs: number, units: number, bounds: RingBounds): void {
    const added = Math.min(units, bounds.capacity)
    if (added === 0) return
    this.#prepare(nowMs, added, bounds)
    const offset = nowMs - this.#baseMs
    for (let left = added; left > 0; left -= 1) {
      if (this.count === bounds.capacity) this.#dropOldest(1)
      this.page[this.#position(this.count)] = offset
      this.count += 1
    }
  }

  /** Takes out up to `units` of those admitted at exactly `atMs`; returns how many there were. */
  remove(atMs: number, units: number): number {
    const end = this.count - this.countAfter(atMs)
    let start = end
    while (start > 0 && end - start < units && this.timeAt(start - 1) === atMs) start -= 1
    for (let index = end; index < this.count; index += 1) {
      this.page[this.#position(start + index - end)] = this.page[this.#position(index)] ?? 0
    }
    this.count -= end - start
    return end - start
  }

  /** Forgets the units admitted at `untilMs` or before. */
  dropUntil(untilMs: number): void {
    this.#dropOldest(this.count - this.countAfter(untilMs))
  }

  /** Moves to the storage of other bounds, keeping the newest units that they ask for. */
  refit(nowMs: number, before: RingBounds, after: RingBounds): void {
    if (this.count > after.capacity) this.#dropOldest(this.count - after.capacity)
    if (before.pool === after.pool || this.blockSize === 0) return
    this.dropUntil(nowMs - after.horizonMs)
    this.#move(before.pool, after.pool, this.count)
  }

  /** Gives the storage back. */
  release(pool: BlockPool): void {
    this.count = 0
    if (this.blockSize > 0) pool.release(this)
  }

  #position(index: number): number {
    const at = this.#head + index
    return this.blockStart + (at < this.blockSize ? at : at - this.blockSize)
  }

  #dropOldest(units: number): void {
    const at = this.#head + units
    this.#head = at < this.blockSize ? at : at - this.blockSize
    this.count -= units
  }

  /** Makes room for `added` units and an offset that fits the element type. */
  #prepare(nowMs: number, added: number, bounds: RingBounds): void {
    if (this.count === 0) {
      this.#baseMs = nowMs
    } else if (nowMs - this.#baseMs > REBASE_OFFSET_MS) {
      this.#rebase(nowMs, bounds.horizonMs)
    }
    if (this.count + added <= this.blockSize || this.blockSize >= bounds.capacity) return
    this.dropUntil(nowMs - bounds.horizonMs)
    const needed = Math.min(this.count + added, bounds.capacity)
    if (needed > this.blockSize) this.#move(bounds.pool, bounds.pool, needed)
  }

  /** Moves the base up to the oldest unit that still matters. */
  #rebase(nowMs: number, horizonMs: number): void {
    this.dropUntil(nowMs - horizonMs)
    const baseMs = this.count === 0 ? nowMs : this.timeAt(0)
    const shiftMs = baseMs - this.#baseMs
    for (let index = 0; index < this.count; index += 1) {
      const position = this.#position(index)
      this.page[position] = (this.page[position] ?? 0) - shiftMs
    }
    this.#baseMs = baseMs
  }

  /** Copies the units, oldest first, into a block of at least `size` elements. */
  #move(from: BlockPool, to: BlockPool, size: number): void {
    const block: BlockHolder = { page: NO_PAGE, blockStart: 0, blockSize: 0 }
    to.take(block, size)
    const baseMs = this.count === 0 ? this.#baseMs : this.timeAt(0)
    for (let index = 0; index < this.count; index += 1) {
      block.page[block.blockStart + index] = this.timeAt(index) - baseMs
    }
    if (this.blockSize > 0) from.release(this)
    this.page = block.page
    this.blockStart = block.blockStart
    this.blockSize = block.blockSize
    this.#head = 0
    this.#baseMs = baseMs
  }
}
