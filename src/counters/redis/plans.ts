/** Limits as the script takes them: compiled and written as JSON once for each array of limits. */

import { MAX_NARROW_HORIZON_MS } from '../../core/limits/admission-ring.ts'
import type { Limit } from '../../core/limits/limit.ts'
import { BUCKET, type PlannedLimit, Planner, SLIDING } from '../../core/limits/plan.ts'

/** Rings of up to so many bytes are read whole: one command instead of one for each element. */
const READ_WHOLE_BYTES = 16_384

export interface ScriptPlan {
  readonly limits: readonly PlannedLimit[]
  readonly smallestQuota: number
  readonly json: string
  /** It keeps admissions at all. */
  readonly hasAdmissions: boolean
  readonly readsWhole: boolean
  readonly hasMeters: boolean
  readonly buckets: number
}

export class ScriptPlans {
  readonly #planner = new Planner()
  readonly #known = new WeakMap<readonly Limit[], ScriptPlan>()

  /** The array must not change afterwards. */
  of(limits: readonly Limit[]): ScriptPlan {
    const known = this.#known.get(limits)
    if (known !== undefined) return known
    const plan = this.#compile(limits)
    this.#known.set(limits, plan)
    return plan
  }

  #compile(source: readonly Limit[]): ScriptPlan {
    const { limits, capacity, horizonMs, lifetimeMs, smallestQuota } = this.#planner.planOf(source)
    const width = horizonMs > MAX_NARROW_HORIZON_MS ? 8 : 4
    const readsWhole = capacity * width <= READ_WHOLE_BYTES
    const rows = limits.map(({ name, rule, quota, windowMs, extraQuota, burstMs }) => {
      return [name, rule, quota, windowMs, extraQuota, burstMs]
    })
    return {
      limits,
      smallestQuota,
      json: JSON.stringify([rows, capacity, horizonMs, width, readsWhole ? 1 : 0, lifetimeMs]),
      hasAdmissions: capacity > 0,
      readsWhole,
      hasMeters: limits.some(({ rule }) => rule !== SLIDING),
      buckets: limits.filter(({ rule }) => rule === BUCKET).length,
    }
  }
}
