/**
 * Why a request is refused, and for how long.
 *
 * The wait is the longest over all limits of all charges until each of them fits for good: a limit
 * that fits now only thanks to a burst that closes again counts too. So a client that waits that
 * long, or longer, is admitted if nothing else was charged meanwhile. When a place in flight frees
 * cannot be known; a cap on them asks for `CONCURRENCY_RETRY_MS` and is named only where no limit
 * refuses, because a limit's wait is certain.
 */
import type { Refused } from '../ports/counters.ts'
import type { LimitStatus } from './limit.ts'

const CONCURRENCY_RETRY_MS = 1000

/** How one limit looks at the request. */
export interface LimitLook {
  readonly name: string
  /** Ms until the request fits for good; 0 or less: it does. */
  readonly waitMs: number
  readonly fits: boolean
}

/** How one charge is looked at. */
export interface ChargeLook {
  readonly hasPlace: boolean
  readonly limits: readonly LimitLook[]
}

/** The refusal of charges of which at least one does not fit. */
export function refusalOf(
  looks: readonly ChargeLook[],
  statuses: readonly (readonly LimitStatus[])[],
): Refused {
  let longestMs = 1
  let violatedMs = 0
  let violated: { readonly chargeIndex: number; readonly limitName: string } | undefined
  let withoutPlace: number | undefined
  for (const [chargeIndex, { hasPlace, limits }] of looks.entries()) {
    if (!hasPlace) withoutPlace ??= chargeIndex
    for (const { name, waitMs, fits } of limits) {
      longestMs = Math.max(longestMs, waitMs)
      if (waitMs <= violatedMs || fits) continue
      violatedMs = waitMs
      violated = { chargeIndex, limitName: name }
    }
  }
  const retryAfterMs =
    withoutPlace === undefined ? longestMs : Math.max(longestMs, CONCURRENCY_RETRY_MS)
  const limits = statuses
  if (violated !== undefined) {
    return { kind: 'refused', reason: 'limit', ...violated, retryAfterMs, limits }
  }
  const chargeIndex = withoutPlace ?? 0
  const limitName = 'concurrency'
  return { kind: 'refused', reason: 'concurrency', chargeIndex, limitName, retryAfterMs, limits }
}
