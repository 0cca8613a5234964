/** A clock that stands still until it is told to move. For tests. */
import type { Clock } from '../core/ports/clock.ts'

export interface TestClock extends Clock {
  /** Lets time pass: both scales move by `ms`, whole and not negative. */
  advance(ms: number): void
  /** Sets the wall clock forward or back, as an operator or NTP does; no time passes. */
  jumpWall(ms: number): void
}

/**
 * A test clock at `startMs` (ms since the Unix epoch).
 *
 * ```ts
 * const clock = createTestClock()
 * clock.advance(60_000)
 * ```
 */
export function createTestClock(startMs = 1_750_000_000_000): TestClock {
  let elapsedMs = 0
  let jumpedMs = 0
  return {
    wallMs: () => startMs + elapsedMs + jumpedMs,
    monotonicMs: () => startMs + elapsedMs,
    advance(ms) {
      if (!Number.isSafeInteger(ms) || ms < 0) {
        throw new RangeError(`advance: ms must be a whole number of at least 0, not ${ms}`)
      }
      elapsedMs += ms
    },
    jumpWall(ms) {
      jumpedMs += ms
    },
  }
}
