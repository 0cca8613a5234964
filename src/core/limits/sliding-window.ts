/**
 * The sliding window log: a unit admitted at t counts while now < t + window. Exact: no window of
 * that length ever holds more than the quota.
 *
 * With a burst of B extra for d, n(x) being the units of the last x, a request of cost c is admitted
 * when n(w) + c <= L. Otherwise only when all of these hold:
 * - n(w) + c <= L + B;
 * - n(2w) + c <= 2L: a burst spends only what the window before left unused;
 * - a burst is open (it began less than d ago), or none began within the last w: then one begins.
 *
 * Worst case: any window holds at most L + B; any k windows in a row hold at most k x L + B; units
 * above L are admitted only during d out of every w. A burst that began stays begun, also when the
 * request that began it is given back.
 *
 * "Opens" is the time from which a request fits and goes on fitting if nothing else is charged. A
 * request that fits only thanks to a burst that closes again is not open yet.
 */
import type { AdmissionRing } from './admission-ring.ts'
import type { PlannedLimit } from './plan.ts'

/** When a request fits the plain window; at or before now: it fits. */
export function slidingOpensAtMs(ring: AdmissionRing, limit: PlannedLimit, cost: number): number {
  return ring.leavesAtMs(limit.quota - cost + 1, limit.windowMs)
}

/** When the two ceilings of a burst have room. */
function burstRoomAtMs(ring: AdmissionRing, limit: PlannedLimit, cost: number): number {
  const { quota, windowMs } = limit
  return Math.max(
    ring.leavesAtMs(quota + limit.extraQuota - cost + 1, windowMs),
    ring.leavesAtMs(2 * quota - cost + 1, 2 * windowMs),
  )
}

/** True when a request fits now; `beganMs` is when the last burst began. */
export function burstFits(
  ring: AdmissionRing,
  limit: PlannedLimit,
  beganMs: number,
  cost: number,
  nowMs: number,
): boolean {
  if (slidingOpensAtMs(ring, limit, cost) <= nowMs) return true
  const sinceMs = nowMs - beganMs
  if (sinceMs >= limit.burstMs && sinceMs < limit.windowMs) return false
  return burstRoomAtMs(ring, limit, cost) <= nowMs
}

/** When a request that fits now is taken: when the last burst began after that. */
export function burstBeganMs(
  ring: AdmissionRing,
  limit: PlannedLimit,
  beganMs: number,
  cost: number,
  nowMs: number,
): number {
  const regular = slidingOpensAtMs(ring, limit, cost) <= nowMs
  return regular || nowMs - beganMs < limit.burstMs ? beganMs : nowMs
}

/** When a request fits for good, regularly or by a burst. */
export function burstOpensAtMs(
  ring: AdmissionRing,
  limit: PlannedLimit,
  beganMs: number,
  cost: number,
): number {
  const regularAtMs = slidingOpensAtMs(ring, limit, cost)
  const roomAtMs = burstRoomAtMs(ring, limit, cost)
  const closesAtMs = beganMs + limit.burstMs
  const nextAtMs = beganMs + limit.windowMs
  // A burst that is open until the next way in needs no waiting for the next burst.
  const staysOpen = closesAtMs >= Math.min(regularAtMs, nextAtMs)
  return Math.min(regularAtMs, staysOpen ? roomAtMs : Math.max(roomAtMs, nextAtMs))
}
