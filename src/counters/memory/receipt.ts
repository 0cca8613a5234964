/** What memory counters remember of an admission until it is settled. */
import { LockgateError } from '../../core/errors.ts'
import type { Charge, Receipt } from '../../core/ports/counters.ts'
import type { Subject } from './subject.ts'

export class MemoryReceipt implements Receipt {
  readonly atMs: number
  readonly charges: readonly Charge[]
  /** One per charge. */
  readonly subjects: readonly Subject[]
  settled = false
  /** Per charge, what giving back needs to know; undefined where none needs anything. */
  marks: (number[] | undefined)[] | undefined = undefined

  constructor(atMs: number, charges: readonly Charge[], subjects: readonly Subject[]) {
    this.atMs = atMs
    this.charges = charges
    this.subjects = subjects
  }
}

/** Throws where actual costs cannot be taken: one whole number of at least 0 per charge. */
export function checkActualCosts(receipt: MemoryReceipt, costs: readonly number[]): void {
  const { length } = receipt.charges
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
