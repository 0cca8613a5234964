/**
 * Token bucket and leaky bucket: two views of one meter, also known as GCRA. The level falls by
 * quota / window all the time; a request fits when the level plus its cost is at most the quota.
 * (A token bucket calls the room above the level tokens; a leaky bucket, used as a meter, calls the
 * level water.)
 *
 * Worst case: a full quota at once and another one as it drains, so any window holds fewer than
 * 2 x quota units.
 *
 * Exact: the level is whole units and a rest in parts of the window, so every ms drains exactly
 * `quota` parts; nothing is rounded. A meter is four numbers from `slot` on: as of when, units, rest,
 * and all units ever given back.
 *
 * What is given back late has partly drained already. Only the part of it that has not is taken off
 * the level, so that giving back never lets more through than if the request had not been made.
 */
import { multiplyDivideDown, multiplyDivideUp, multiplyModulo } from './exact-ratio.ts'
import type { PlannedLimit } from './plan.ts'

/** Corrections above the quota fill a bucket up to this many quotas: one window more to wait. */
const FULLEST = 2

/** Lets the level fall to what it is now. Changes no decision. */
function drain(meters: number[], limit: PlannedLimit, nowMs: number): void {
  const { slot, quota, windowMs } = limit
  const elapsedMs = nowMs - (meters[slot] ?? 0)
  meters[slot] = nowMs
  const units = meters[slot + 1] ?? 0
  const rest = meters[slot + 2] ?? 0
  if (elapsedMs <= 0 || (units === 0 && rest === 0)) return
  if (elapsedMs >= FULLEST * windowMs) {
    setLevel(meters, slot, 0, 0)
    return
  }
  const drained = multiplyDivideDown(elapsedMs, quota, windowMs)
  const drainedRest = multiplyModulo(elapsedMs, quota, windowMs)
  const borrow = drainedRest > rest
  const left = units - drained - (borrow ? 1 : 0)
  if (left < 0) setLevel(meters, slot, 0, 0)
  else setLevel(meters, slot, left, rest - drainedRest + (borrow ? windowMs : 0))
}

function setLevel(meters: number[], slot: number, units: number, rest: number): void {
  meters[slot + 1] = units
  meters[slot + 2] = rest
}

/** The level rounded up to whole units: what of the quota is used. */
export function bucketUsed(meters: number[], limit: PlannedLimit, nowMs: number): number {
  drain(meters, limit, nowMs)
  return (meters[limit.slot + 1] ?? 0) + ((meters[limit.slot + 2] ?? 0) > 0 ? 1 : 0)
}

/** When a request fits; at or before now: it fits. */
export function bucketOpensAtMs(
  meters: number[],
  limit: PlannedLimit,
  cost: number,
  nowMs: number,
): number {
  if (bucketUsed(meters, limit, nowMs) + cost <= limit.quota) return nowMs
  const excess = (meters[limit.slot + 1] ?? 0) + cost - limit.quota
  const rest = meters[limit.slot + 2] ?? 0
  return nowMs + multiplyDivideUp(excess, limit.windowMs, rest, limit.quota)
}

/** Ms until one more unit fits; 0 when the bucket is empty. */
export function bucketResetMs(meters: number[], limit: PlannedLimit, nowMs: number): number {
  if (bucketUsed(meters, limit, nowMs) === 0) return 0
  const rest = meters[limit.slot + 2] ?? 0
  return multiplyDivideUp(1, rest > 0 ? rest : limit.windowMs, 0, limit.quota)
}

export function bucketTake(
  meters: number[],
  limit: PlannedLimit,
  units: number,
  nowMs: number,
): void {
  drain(meters, limit, nowMs)
  const level = (meters[limit.slot + 1] ?? 0) + units
  const fullest = FULLEST * limit.quota
  if (level < fullest) meters[limit.slot + 1] = level
  else setLevel(meters, limit.slot, fullest, 0)
}

/** Where the last unit taken stands in the queue: what `bucketGiveBack` needs to know of it. */
export const bucketMark = (meters: readonly number[], limit: PlannedLimit): number =>
  (meters[limit.slot + 1] ?? 0) + (meters[limit.slot + 3] ?? 0)

/** Gives back what has not drained of `units` that were taken at `takenAtMs`. */
export function bucketGiveBack(
  meters: number[],
  limit: PlannedLimit,
  units: number,
  takenAtMs: number,
  mark: number,
  nowMs: number,
): void {
  drain(meters, limit, nowMs)
  const { slot } = limit
  const elapsedMs = Math.min(nowMs - takenAtMs, FULLEST * limit.windowMs)
  const drained = multiplyDivideUp(elapsedMs, limit.quota, 0, limit.windowMs)
  const undrained = mark - (meters[slot + 3] ?? 0) - drained
  const back = Math.max(0, Math.min(units, undrained, meters[slot + 1] ?? 0))
  meters[slot + 1] = (meters[slot + 1] ?? 0) - back
  meters[slot + 3] = (meters[slot + 3] ?? 0) + back
}

/** Continues a meter under other limits; what cannot be kept exactly is rounded up. */
export function bucketCarry(
  from: number[],
  before: PlannedLimit,
  to: number[],
  after: PlannedLimit,
  nowMs: number,
): void {
  drain(from, before, nowMs)
  const sameParts = before.windowMs === after.windowMs
  const units = sameParts ? (from[before.slot + 1] ?? 0) : bucketUsed(from, before, nowMs)
  to[after.slot] = nowMs
  to[after.slot + 3] = from[before.slot + 3] ?? 0
  if (units >= FULLEST * after.quota) setLevel(to, after.slot, FULLEST * after.quota, 0)
  else setLevel(to, after.slot, units, sameParts ? (from[before.slot + 2] ?? 0) : 0)
}
