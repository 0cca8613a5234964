/**
 * Why a request is refused, and for how long.
 *
 * The wait is the longest over all limits of all charges until each of them fits for good: a limit
 * that fits now only thanks to a burst that closes again counts too. So a client that waits that
 * long, or longer, is admitted if nothing else was charged meanwhile. When a place in flight frees
 * cannot be known; a cap on them asks for `CONCURRENCY_RETRY_MS` and is named only where no limit
 * refuses, because a limit's wait is certain.
 */
import type { LimitStatus } from '../../core/limits/limit.ts'
import type { Charge, Refused } from '../../core/ports/counters.ts'
import type { Subject } from './subject.ts'

const CONCURRENCY_RETRY_MS = 1000

/** The refusal of charges of which at least one does not fit. */
export function refusalOf(
  charges: readonly Charge[],
  subjects: readonly Subject[],
  limits: readonly (readonly LimitStatus[])[],
  nowMs: number,
): Refused {
  let opensAtMs = nowMs + 1
  let violatedUntilMs = nowMs
  let violated: { readonly chargeIndex: number; readonly limitName: string } | undefined
  let withoutPlace: number | undefined
  for (let chargeIndex = 0; chargeIndex < charges.length; chargeIndex += 1) {
    const charge = charges[chargeIndex]
    const subject = subjects[chargeIndex]
    if (charge === undefined || subject === undefined) continue
    if (subject.inFlight >= (charge.maxConcurrent ?? Number.POSITIVE_INFINITY)) {
      withoutPlace ??= chargeIndex
    }
    for (const limit of subject.plan.limits) {
      const untilMs = subject.opensAtMs(limit, charge.cost, nowMs)
      opensAtMs = Math.max(opensAtMs, untilMs)
      if (untilMs <= violatedUntilMs || subject.fitsLimit(limit, charge.cost, nowMs)) continue
      violatedUntilMs = untilMs
      violated = { chargeIndex, limitName: limit.name }
    }
  }
  const waitMs = opensAtMs - nowMs
  if (violated !== undefined) {
    const retryAfterMs =
      withoutPlace === undefined ? waitMs : Math.max(waitMs, CONCURRENCY_RETRY_MS)
    return { kind: 'refused', reason: 'limit', ...violated, retryAfterMs, limits }
  }
  return {
    kind: 'refused',
    reason: 'concurrency',
    chargeIndex: withoutPlace ?? 0,
    limitName: 'concurrency',
    retryAfterMs: Math.max(waitMs, CONCURRENCY_RETRY_MS),
    limits,
  }
}
