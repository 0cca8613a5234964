/** What may be charged and settled at all; everything else is an error of the caller. Pure. */
import { LockgateError } from '../errors.ts'
import type { Charge } from '../ports/counters.ts'

/** Throws where actual costs cannot be taken: one whole number of at least 0 per charge. */
export function checkActualCosts(charges: readonly Charge[], costs: readonly number[]): void {
  const { length } = charges
  if (costs.length !== length || !costs.every((cost) => Number.isSafeInteger(cost) && cost >= 0)) {
    throw new LockgateError(
      'invalid_field',
      `actualCosts must be ${length} whole numbers of at least 0, one per charge.`,
    )
  }
}

/** Throws where a charge cannot be made: its cost must be whole, at least 1, and fit every limit. */
export function refuseCost(charge: Charge): never {
  const { cost } = charge
  if (!Number.isSafeInteger(cost) || cost < 1) {
    throw new LockgateError(
      'invalid_field',
      `cost must be a whole number of at least 1, not ${String(cost)}.`,
    )
  }
  const tooSmall = charge.limits.find((limit) => cost > limit.quota)
  throw new LockgateError(
    'invalid_field',
    `cost ${cost} can never fit the limit "${tooSmall?.name}" of ${tooSmall?.quota}. Send a smaller request or raise the limit.`,
  )
}

/** Throws: each subject can be charged once in a request. */
export function refuseDuplicate(charge: Charge): never {
  throw new LockgateError(
    'invalid_field',
    `The subject "${charge.subject}" is charged twice in one request. Add the costs up.`,
  )
}

/** True when an earlier charge of the same request names the same subject. */
export function isChargedBefore(charge: Charge, charges: readonly Charge[]): boolean {
  for (const earlier of charges) {
    if (earlier === charge) return false
    if (earlier.subject === charge.subject) return true
  }
  return false
}
