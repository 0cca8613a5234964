/**
 * Why a request is refused, and for how long.
 *
 * The wait is the longest over all limits of all charges and all caps of the hold until each of them
 * fits for good: a limit that fits now only thanks to a burst that closes again counts too. So a
 * client that waits that long, or longer, is admitted if nothing else was charged meanwhile. When a
 * place in flight frees cannot be known; a cap on them asks for `CONCURRENCY_RETRY_MS` and is named
 * only where nothing else refuses, because the wait of a limit or a cap is certain.
 */
import type { Refused } from '../ports/counters.ts'
import type { LimitStatus } from './limit.ts'

const CONCURRENCY_RETRY_MS = 1000

/** How one limit, or one spend cap, looks at the request. */
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

/** What refuses, with the longest wait so far. */
interface Violation {
  readonly reason: 'limit' | 'cap'
  readonly chargeIndex: number
  readonly limitName: string
  readonly waitMs: number
}

const NO_CAPS: readonly (readonly LimitLook[])[] = []

/**
 * The refusal of a request of which at least one charge, or one cap, does not fit. `caps` are those
 * of the hold, one list per charge of it.
 */
export function refusalOf(
  looks: readonly ChargeLook[],
  statuses: readonly (readonly LimitStatus[])[],
  caps: readonly (readonly LimitLook[])[] = NO_CAPS,
): Refused {
  const limits = looks.map((look) => look.limits)
  const worst = longest('cap', caps, longest('limit', limits, undefined))
  const certainMs = Math.max(1, ...[...limits, ...caps].flat().map(({ waitMs }) => waitMs))
  const withoutPlace = looks.findIndex(({ hasPlace }) => !hasPlace)
  const retryAfterMs = withoutPlace < 0 ? certainMs : Math.max(certainMs, CONCURRENCY_RETRY_MS)
  const { reason, chargeIndex, limitName } = worst ?? {
    reason: 'concurrency',
    chargeIndex: Math.max(0, withoutPlace),
    limitName: 'concurrency',
  }
  return { kind: 'refused', reason, chargeIndex, limitName, retryAfterMs, limits: statuses }
}

/** The one that waits longest, of `worst` and those that do not fit; the first of equals. */
function longest(
  reason: Violation['reason'],
  lists: readonly (readonly LimitLook[])[],
  worst: Violation | undefined,
): Violation | undefined {
  let found = worst
  for (const [chargeIndex, list] of lists.entries()) {
    for (const { name, waitMs, fits } of list) {
      if (fits || waitMs <= (found?.waitMs ?? 0)) continue
      found = { reason, chargeIndex, limitName: name, waitMs }
    }
  }
  return found
}
