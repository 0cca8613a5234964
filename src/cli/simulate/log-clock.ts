/** A clock that goes by the times in a log, and never back: a log is written as calls end. */
import type { Clock } from '../../core/ports/clock.ts'

export class LogClock implements Clock {
  #nowMs = 0

  /** Whether this was later than all before it, or the same. */
  moveTo(atMs: number): boolean {
    const isInOrder = atMs >= this.#nowMs
    if (isInOrder) this.#nowMs = atMs
    return isInOrder
  }

  wallMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }
}
