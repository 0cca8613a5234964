/** Limits as the script takes them: compiled and written as text once for each array of limits. */
import { CRC32_START, createCrc32, finishCrc32 } from '../../core/key/crc32.ts'
import { MAX_NARROW_HORIZON_MS } from '../../core/limits/admission-ring.ts'
import type { Limit } from '../../core/limits/limit.ts'
import { type PlannedLimit, Planner, SLIDING } from '../../core/limits/plan.ts'

export interface ScriptPlan {
  readonly limits: readonly PlannedLimit[]
  readonly smallestQuota: number
  /** The plan's numbers, see `lua/rules.ts`. */
  readonly numbers: string
  /** Its limits as JSON, kept with what they count, for when they are replaced. */
  readonly description: string
  readonly hasMeters: boolean
}

export class ScriptPlans {
  readonly #planner = new Planner()
  readonly #crc32 = createCrc32()
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
    const described = limits.map(({ name, rule, quota, windowMs, extraQuota, burstMs }) => {
      return [name, rule, quota, windowMs, extraQuota, burstMs]
    })
    const description = JSON.stringify(described)
    const head = [limits.length, capacity, horizonMs, width, lifetimeMs, this.#sign(description)]
    return {
      limits,
      smallestQuota,
      numbers: [...head, ...described.flatMap(([, ...numbers]) => numbers)].join(','),
      description,
      hasMeters: limits.some(({ rule }) => rule !== SLIDING),
    }
  }

  /** Tells plans apart: 4 bytes, kept with what they count. */
  #sign(description: string): number {
    return finishCrc32(this.#crc32(description, 0, description.length, CRC32_START))
  }
}
