/** A tier: a named set of limits and caps; a key names one. */
import type { Limit } from './limits/limit.ts'
import type { DollarCaps, TokenCaps } from './spend/caps.ts'

export interface Tier {
  readonly name: string
  /** Frozen; its identity is stable for the life of the process. */
  readonly limits: readonly Limit[]
  /** Requests in flight per key; absent means no cap. */
  readonly maxConcurrent?: number
  /** Dollars of each key. */
  readonly spend?: DollarCaps
  /** Dollars of all keys of the tier together. */
  readonly spendTogether?: DollarCaps
  /** Tokens of each key. */
  readonly tokens?: TokenCaps
  /** Output tokens of one call: a larger request is lowered to it, a missing one is set to it. */
  readonly maxOutputTokens?: number
  /** Models that may be asked for; absent: any. A name ending in `*` covers what begins with it. */
  readonly models?: readonly string[]
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** `free`: 60 a minute with 20% more for 10 s, 1,000 in any 24 h. `paid`: 600 a minute, same burst. */
export const DEFAULT_TIERS: readonly Tier[] = Object.freeze([
  tierOf('free', 60, 1000),
  tierOf('paid', 600),
])

function tierOf(name: string, perMinute: number, perDay?: number): Tier {
  const algorithm = 'sliding-window'
  const burst = Object.freeze({ extraQuota: Math.floor(perMinute / 5), durationMs: 10_000 })
  const minute: Limit = { name: 'minute', quota: perMinute, windowMs: MINUTE_MS, algorithm, burst }
  const day: Limit[] =
    perDay === undefined ? [] : [{ name: 'day', quota: perDay, windowMs: DAY_MS, algorithm }]
  const limits = [minute, ...day].map((limit) => Object.freeze(limit))
  return Object.freeze({ name, limits: Object.freeze(limits) })
}
