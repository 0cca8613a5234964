/**
 * Usage: what one subject has used of all its limits, and the decision over them.
 *
 * Pure state: time is an argument and never goes backwards. `fits` looks and changes nothing that a
 * decision depends on; `take` and `giveBack` change. All limits of a subject are taken together, so
 * a request that any of them refuses is charged to none.
 */
import { AdmissionRing } from './admission-ring.ts'
import {
  bucketCarry,
  bucketGiveBack,
  bucketMark,
  bucketOpensAtMs,
  bucketResetMs,
  bucketTake,
  bucketUsed,
} from './bucket.ts'
import {
  fixedCarry,
  fixedGiveBack,
  fixedOpensAtMs,
  fixedResetMs,
  fixedTake,
  fixedUsed,
} from './fixed-window.ts'
import type { LimitStatus } from './limit.ts'
import { BUCKET, BURST, FIXED, NEVER, type Plan, type PlannedLimit, SLIDING } from './plan.ts'
import { burstBeganMs, burstFits, burstOpensAtMs, slidingOpensAtMs } from './sliding-window.ts'

/** The meters of most subjects: none of their limits has one, or only bursts that never began. */
const NO_METERS: number[] = []

export class Usage {
  plan: Plan
  readonly ring: AdmissionRing
  meters: number[]

  constructor(plan: Plan, nowMs: number) {
    this.plan = plan
    this.ring = new AdmissionRing(nowMs)
    this.meters = hasOnlyBursts(plan) ? NO_METERS : plan.freshMeters.slice()
  }

  /** True when a request of this cost fits every limit now. */
  fits(cost: number, nowMs: number): boolean {
    const { limits } = this.plan
    for (const limit of limits) {
      if (!this.fitsLimit(limit, cost, nowMs)) return false
    }
    return true
  }

  fitsLimit(limit: PlannedLimit, cost: number, nowMs: number): boolean {
    if (limit.rule === BURST) {
      return burstFits(this.ring, limit, this.meters[limit.slot] ?? NEVER, cost, nowMs)
    }
    return this.opensAtMs(limit, cost, nowMs) <= nowMs
  }

  /** When a request fits this limit for good, if nothing else is charged; past or now: it does. */
  opensAtMs(limit: PlannedLimit, cost: number, nowMs: number): number {
    const { ring, meters } = this
    if (limit.rule === SLIDING) return slidingOpensAtMs(ring, limit, cost)
    if (limit.rule === BURST) return burstOpensAtMs(ring, limit, meters[limit.slot] ?? NEVER, cost)
    if (limit.rule === BUCKET) return bucketOpensAtMs(meters, limit, cost, nowMs)
    return fixedOpensAtMs(meters, limit, cost, nowMs)
  }

  /** Charges every limit, whether it fits or not. */
  take(cost: number, nowMs: number): void {
    const { limits, capacity } = this.plan
    for (const limit of limits) {
      if (limit.rule !== SLIDING) this.#takeMeter(limit, cost, nowMs)
    }
    if (capacity > 0) this.ring.push(nowMs, cost, this.plan)
  }

  /** Charges more than was asked for, also above the quota; opens no burst. */
  takeMore(units: number, nowMs: number): void {
    for (const limit of this.plan.limits) {
      if (limit.rule !== BURST && limit.rule !== SLIDING) this.#takeMeter(limit, units, nowMs)
    }
    if (this.plan.capacity > 0) this.ring.push(nowMs, units, this.plan)
  }

  #takeMeter(limit: PlannedLimit, cost: number, nowMs: number): void {
    if (limit.rule === BUCKET) bucketTake(this.meters, limit, cost, nowMs)
    if (limit.rule === FIXED) fixedTake(this.meters, limit, cost, nowMs)
    if (limit.rule !== BURST) return
    const beganMs = this.meters[limit.slot] ?? NEVER
    const nowBeganMs = burstBeganMs(this.ring, limit, beganMs, cost, nowMs)
    if (nowBeganMs === beganMs) return
    if (this.meters === NO_METERS) this.meters = this.plan.freshMeters.slice()
    this.meters[limit.slot] = nowBeganMs
  }

  /** What `giveBack` needs to know of a charge just taken; undefined where it needs nothing. */
  marks(): number[] | undefined {
    if (this.meters.length === 0) return undefined
    if (!this.plan.limits.some((limit) => limit.rule === BUCKET)) return undefined
    return this.plan.limits.map((limit) =>
      limit.rule === BUCKET ? bucketMark(this.meters, limit) : 0,
    )
  }

  /** Undoes `units` of a charge. A burst that it began stays begun. Returns the units taken out. */
  giveBack(units: number, takenAtMs: number, marks: number[] | undefined, nowMs: number): number {
    for (const [index, limit] of this.plan.limits.entries()) {
      if (limit.rule === FIXED) fixedGiveBack(this.meters, limit, units, takenAtMs, nowMs)
      if (limit.rule === BUCKET) {
        bucketGiveBack(this.meters, limit, units, takenAtMs, marks?.[index] ?? 0, nowMs)
      }
    }
    return this.#ringIsOverfull(nowMs) ? 0 : this.ring.remove(takenAtMs, units)
  }

  /**
   * True when a correction above the quota has pushed out units that still count. Until they would
   * have left their windows nothing is taken out of the ring: what is missing was given back already.
   */
  #ringIsOverfull(nowMs: number): boolean {
    const { capacity, horizonMs } = this.plan
    return this.ring.count === capacity && this.ring.leavesAtMs(capacity, horizonMs) > nowMs
  }

  status(limit: PlannedLimit, nowMs: number): LimitStatus {
    const { name, quota, windowMs } = limit
    let used: number
    let resetMs: number
    if (limit.rule === BUCKET) {
      used = bucketUsed(this.meters, limit, nowMs)
      resetMs = bucketResetMs(this.meters, limit, nowMs)
    } else if (limit.rule === FIXED) {
      used = fixedUsed(this.meters, limit, nowMs)
      resetMs = fixedResetMs(this.meters, limit, nowMs)
    } else {
      used = this.ring.countAfter(nowMs - windowMs)
      resetMs = used === 0 ? 0 : this.ring.leavesAtMs(used, windowMs) - nowMs
    }
    return { name, quota, windowMs, remaining: used < quota ? quota - used : 0, resetMs }
  }

  /** True when forgetting the subject would change no decision. */
  isIdle(nowMs: number): boolean {
    const { ring, meters } = this
    if (ring.count > 0 && ring.timeAt(ring.count - 1) + this.plan.lifetimeMs > nowMs) return false
    return this.plan.limits.every((limit) => {
      if (limit.rule === SLIDING) return true
      if (limit.rule === BURST) return nowMs - (meters[limit.slot] ?? NEVER) >= limit.windowMs
      if (limit.rule === FIXED) return fixedUsed(meters, limit, nowMs) === 0
      return bucketUsed(meters, limit, nowMs) === 0
    })
  }

  /** Continues under other limits. What is past the old limits' horizon is not looked at again. */
  adopt(plan: Plan, nowMs: number): void {
    const before = this.plan
    this.plan = plan
    if (before.signature === plan.signature && before.pool === plan.pool) return
    this.ring.dropUntil(nowMs - before.lifetimeMs)
    this.ring.refit(nowMs, before, plan)
    const old = this.meters
    this.meters = plan.freshMeters.slice()
    for (const limit of plan.limits) {
      const same = before.limits.find((one) => one.name === limit.name && one.rule === limit.rule)
      if (same === undefined) continue
      if (limit.rule === BURST) this.meters[limit.slot] = old[same.slot] ?? NEVER
      if (limit.rule === BUCKET) bucketCarry(old, same, this.meters, limit, nowMs)
      if (limit.rule === FIXED) fixedCarry(old, same, this.meters, limit, nowMs)
    }
  }

  /** Gives the storage back; the subject is as if it had never been seen. */
  forget(): void {
    this.ring.release(this.plan.pool)
  }
}

const hasOnlyBursts = (plan: Plan): boolean => plan.freshMeters.every((meter) => meter === NEVER)
