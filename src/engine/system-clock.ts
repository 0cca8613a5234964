/**
 * The machine's clock. Windows are measured on the monotonic scale, anchored to the wall clock once
 * at start: setting the clock afterwards moves no window. Expiry dates follow the wall clock.
 */
import type { Clock } from '../core/ports/clock.ts'

export function createSystemClock(): Clock {
  const anchorMs = Date.now() - performance.now()
  return Object.freeze({
    wallMs: () => Date.now(),
    monotonicMs: () => Math.floor(anchorMs + performance.now()),
  })
}
