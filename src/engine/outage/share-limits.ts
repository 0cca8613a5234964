/**
 * One instance's share of limits, as limits of their own for its local counters.
 *
 * Counters keep what they compiled of limits by the identity of the array, so shares are kept by the
 * identity of the original and, where a quota cannot be divided evenly, by which of its limits give
 * this instance one unit more for the subject. A share of nothing cannot be a limit: its quota is 1
 * here, so that what was admitted before stays known, and the caller refuses by `quotas`.
 */
import type { Limit } from '../../core/limits/limit.ts'
import type { Charge } from '../../core/ports/counters.ts'
import { type Sharers, shareOf } from './shares.ts'

/** Ranks for the cap on requests in flight, which has no limit's name. */
const IN_FLIGHT = ' in flight'

export interface LimitShares {
  readonly limits: readonly Limit[]
  /** What this instance may admit of each limit, in the same order; 0 is possible. */
  readonly quotas: readonly number[]
}

export class ShareLimits {
  readonly #sharers: Sharers
  readonly #known = new WeakMap<readonly Limit[], Map<string, LimitShares>>()

  constructor(sharers: Sharers) {
    this.#sharers = sharers
  }

  sharesOf({ subject, limits }: Charge): LimitShares {
    let variants = this.#known.get(limits)
    if (variants === undefined) {
      variants = new Map()
      this.#known.set(limits, variants)
    }
    const rests = this.#restsOf(subject, limits)
    const known = variants.get(rests)
    if (known !== undefined) return known
    const made = this.#divide(subject, limits)
    variants.set(rests, made)
    return made
  }

  /** At most this many requests in flight here; undefined where there is no cap. */
  placesOf({ subject, maxConcurrent }: Charge): number | undefined {
    if (maxConcurrent === undefined) return undefined
    return shareOf(maxConcurrent, this.#sharers.count, this.#sharers.rank(subject, IN_FLIGHT))
  }

  /** Which rests of which limits are this instance's: two marks for each limit that has any. */
  #restsOf(subject: string, limits: readonly Limit[]): string {
    const { count } = this.#sharers
    let rests = ''
    for (const { name, quota, burst } of limits) {
      const rest = quota % count
      const extraRest = (burst?.extraQuota ?? 0) % count
      if (rest === 0 && extraRest === 0) continue
      const rank = this.#sharers.rank(subject, name)
      rests += (rank < rest ? '1' : '0') + (rank < extraRest ? '1' : '0')
    }
    return rests
  }

  #divide(subject: string, limits: readonly Limit[]): LimitShares {
    const { count } = this.#sharers
    const quotas: number[] = []
    const shares = limits.map((limit) => {
      const rank = this.#sharers.rank(subject, limit.name)
      const quota = shareOf(limit.quota, count, rank)
      quotas.push(quota)
      const own = { ...limit, quota: Math.max(1, quota) }
      if (limit.burst === undefined) return Object.freeze(own)
      const extraQuota = shareOf(limit.burst.extraQuota, count, rank)
      return Object.freeze({ ...own, burst: Object.freeze({ ...limit.burst, extraQuota }) })
    })
    return Object.freeze({ limits: Object.freeze(shares), quotas: Object.freeze(quotas) })
  }
}
