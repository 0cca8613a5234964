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

type Violation = Pick<Refused, 'reason' | 'chargeIndex' | 'limitName'>

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
  const waits = new Waits()
  let withoutPlace: number | undefined
  for (const [chargeIndex, { hasPlace, limits }] of looks.entries()) {
    if (!hasPlace) withoutPlace ??= chargeIndex
    waits.look('limit', chargeIndex, limits)
  }
  for (const [chargeIndex, list] of caps.entries()) waits.look('cap', chargeIndex, list)
  const { longestMs } = waits
  const retryAfterMs =
    withoutPlace === undefined ? longestMs : Math.max(longestMs, CONCURRENCY_RETRY_MS)
  const { reason, chargeIndex, limitName } = waits.worst ?? {
    reason: 'concurrency',
    chargeIndex: withoutPlace ?? 0,
    limitName: 'concurrency',
  }
  return { kind: 'refused', reason, chargeIndex, limitName, retryAfterMs, limits: statuses }
}

/** The longest wait of all, and what refuses with the longest wait; the first of equals. */
class Waits {
  longestMs = 1
  worst: Violation | undefined = undefined
  #worstMs = 0

  look(reason: Violation['reason'], chargeIndex: number, list: readonly LimitLook[]): void {
    for (const { name, waitMs, fits } of list) {
      this.longestMs = Math.max(this.longestMs, waitMs)
      if (fits || waitMs <= this.#worstMs) continue
      this.#worstMs = waitMs
      this.worst = { reason, chargeIndex, limitName: name }
    }
  }
}
