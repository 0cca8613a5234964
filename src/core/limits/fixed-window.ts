/**
 * Fixed windows: time is cut into windows at multiples of their length (so a day starts at midnight
 * UTC), and each admits the quota.
 *
 * Worst case: the quota at the end of one window and again at the start of the next, so any span of
 * a window's length holds at most 2 x quota. A meter is two numbers from `slot` on: the start of the
 * window that was last used, and the units taken in it.
 */
import type { PlannedLimit } from './plan.ts'

/** Corrections above the quota count up to this many quotas; more changes nothing. */
const FULLEST = 2

const startOf = (limit: PlannedLimit, nowMs: number): number => nowMs - (nowMs % limit.windowMs)

export function fixedUsed(meters: readonly number[], limit: PlannedLimit, nowMs: number): number {
  return meters[limit.slot] === startOf(limit, nowMs) ? (meters[limit.slot + 1] ?? 0) : 0
}

/** When a request fits; at or before now: it fits. */
export function fixedOpensAtMs(
  meters: readonly number[],
  limit: PlannedLimit,
  cost: number,
  nowMs: number,
): number {
  const fits = fixedUsed(meters, limit, nowMs) + cost <= limit.quota
  return fits ? nowMs : startOf(limit, nowMs) + limit.windowMs
}

/** Ms until the window ends; 0 when it is unused. */
export function fixedResetMs(
  meters: readonly number[],
  limit: PlannedLimit,
  nowMs: number,
): number {
  if (fixedUsed(meters, limit, nowMs) === 0) return 0
  return startOf(limit, nowMs) + limit.windowMs - nowMs
}

export function fixedTake(
  meters: number[],
  limit: PlannedLimit,
  units: number,
  nowMs: number,
): void {
  const used = fixedUsed(meters, limit, nowMs) + units
  meters[limit.slot] = startOf(limit, nowMs)
  meters[limit.slot + 1] = Math.min(used, FULLEST * limit.quota)
}

/** Gives units back while the window in which they were taken lasts. */
export function fixedGiveBack(
  meters: number[],
  limit: PlannedLimit,
  units: number,
  takenAtMs: number,
  nowMs: number,
): void {
  const used = fixedUsed(meters, limit, nowMs)
  if (takenAtMs < startOf(limit, nowMs)) return
  meters[limit.slot + 1] = Math.max(0, used - units)
}

/** Continues a meter under other limits: a window that lasts goes on counting in the new one. */
export function fixedCarry(
  from: readonly number[],
  before: PlannedLimit,
  to: number[],
  after: PlannedLimit,
  nowMs: number,
): void {
  to[after.slot] = startOf(after, nowMs)
  to[after.slot + 1] = Math.min(fixedUsed(from, before, nowMs), FULLEST * after.quota)
}
