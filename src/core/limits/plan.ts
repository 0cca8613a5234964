/**
 * A plan: one array of limits, compiled once for the hot path.
 *
 * It says where each limit keeps its scalar state (its meter) and what all of them together need of
 * the admission ring. Plans are immutable and are cached by the identity of their array.
 */
import type { RingBounds } from './admission-ring.ts'
import { MAX_NARROW_HORIZON_MS } from './admission-ring.ts'
import { BlockPool } from './block-pool.ts'
import type { Limit, LimitAlgorithm } from './limit.ts'

/** How a limit decides. Numbers, because they are also saved; they never change their meaning. */
export const SLIDING = 0
export const BURST = 1
export const BUCKET = 2
export const FIXED = 3

/** A limit, flat. */
export interface PlannedLimit {
  readonly name: string
  readonly quota: number
  readonly windowMs: number
  readonly rule: number
  readonly extraQuota: number
  readonly burstMs: number
  /** Index of its first number in the subject's meters. */
  readonly slot: number
}

export interface Plan extends RingBounds {
  /** The array that was compiled. */
  readonly source: readonly Limit[]
  readonly limits: readonly PlannedLimit[]
  /** The most that a request may cost; infinite without limits. */
  readonly smallestQuota: number
  /** A subject that was left alone for so long is as if it had never been seen. */
  readonly lifetimeMs: number
  /** The meters of a subject that was never seen; empty when no limit has one. */
  readonly freshMeters: readonly number[]
  /** Equal for plans that decide alike; empty where the limits are not known yet. */
  readonly signature: string
}

/** A burst that never began. */
export const NEVER = Number.NEGATIVE_INFINITY

/**
 * Meters by rule. Burst: when it began. Bucket: as of when, whole units, and the rest of a unit in
 * parts of the window; then all units ever given back. Fixed: start of the window, units in it.
 */
const FRESH_METERS: readonly (readonly number[])[] = [[], [NEVER], [0, 0, 0, 0], [0, 0]]

/** How many numbers the meter of a rule has; 0 for an unknown rule. */
export const meterLength = (rule: number): number => FRESH_METERS[rule]?.length ?? 0

/** How many windows back a rule looks, or takes to forget. */
const WINDOWS_BACK: readonly number[] = [1, 2, 2, 1]

export class Planner {
  readonly #narrow = new BlockPool((length) => new Uint32Array(length))
  readonly #wide = new BlockPool((length) => new Float64Array(length))
  readonly #plans = new WeakMap<readonly Limit[], Plan>()

  /** The plan of these limits. The array must not change afterwards. */
  planOf(limits: readonly Limit[]): Plan {
    const known = this.#plans.get(limits)
    if (known !== undefined) return known
    const plan = this.#compile(limits)
    this.#plans.set(limits, plan)
    return plan
  }

  /** A stand-in for limits that are not known yet: it keeps everything younger than its lifetime. */
  planOfSaved(limits: readonly PlannedLimit[], lifetimeMs: number): Plan {
    return {
      source: [],
      limits,
      smallestQuota: Number.POSITIVE_INFINITY,
      freshMeters: limits.flatMap((limit) => FRESH_METERS[limit.rule] ?? []),
      signature: '',
      lifetimeMs,
      capacity: Number.POSITIVE_INFINITY,
      horizonMs: lifetimeMs,
      pool: this.#poolFor(lifetimeMs),
    }
  }

  #compile(limits: readonly Limit[]): Plan {
    const planned: PlannedLimit[] = []
    const freshMeters: number[] = []
    let lifetimeMs = 0
    let horizonMs = 0
    let capacity = 0
    for (const limit of limits) {
      const flat = flatten(limit, freshMeters.length)
      planned.push(flat)
      freshMeters.push(...(FRESH_METERS[flat.rule] ?? []))
      const backMs = limit.windowMs * (WINDOWS_BACK[flat.rule] ?? 1)
      lifetimeMs = Math.max(lifetimeMs, backMs)
      if (ringCapacity(flat) > 0) horizonMs = Math.max(horizonMs, backMs)
      capacity = Math.max(capacity, ringCapacity(flat))
    }
    return {
      source: limits,
      limits: planned,
      smallestQuota: Math.min(...limits.map((limit) => limit.quota)),
      freshMeters,
      signature: JSON.stringify(planned),
      lifetimeMs,
      capacity,
      horizonMs,
      pool: this.#poolFor(horizonMs),
    }
  }

  #poolFor(horizonMs: number): BlockPool {
    return horizonMs > MAX_NARROW_HORIZON_MS ? this.#wide : this.#narrow
  }
}

/** True for the stand-in of `planOfSaved`. */
export const isSavedPlan = (plan: Plan): boolean => plan.signature === ''

function flatten(limit: Limit, slot: number): PlannedLimit {
  return {
    name: limit.name,
    quota: limit.quota,
    windowMs: limit.windowMs,
    rule: ruleOf(limit.algorithm, limit.burst?.extraQuota ?? 0),
    extraQuota: limit.burst?.extraQuota ?? 0,
    burstMs: limit.burst?.durationMs ?? 0,
    slot,
  }
}

function ruleOf(algorithm: LimitAlgorithm, extraQuota: number): number {
  if (algorithm === 'fixed-window') return FIXED
  if (algorithm !== 'sliding-window') return BUCKET
  return extraQuota > 0 ? BURST : SLIDING
}

/**
 * The most units that can be in what a limit looks at, and one more: a ring that is full of units
 * that all count tells that a correction went above the quota and pushed out others that count too.
 */
function ringCapacity(limit: PlannedLimit): number {
  if (limit.rule === SLIDING) return limit.quota + 1
  if (limit.rule === BURST) return 2 * limit.quota + limit.extraQuota + 1
  return 0
}
