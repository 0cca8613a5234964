/** What may be held and settled at all; everything else is an error of the caller. Pure. */
import { LockgateError } from '../errors.ts'
import type { Hold } from '../ports/counters.ts'
import type { Amount } from './amount.ts'

/** Throws where a hold cannot be taken: amounts are whole, and each subject is held once. */
export function checkHold({ amount, charges }: Hold): void {
  checkAmount(amount)
  for (let index = 1; index < charges.length; index += 1) {
    const subject = charges[index]?.subject
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (charges[earlier]?.subject !== subject) continue
      throw new LockgateError(
        'invalid_field',
        `The subject "${subject}" is held twice in one request. Put all its caps in one charge.`,
      )
    }
  }
}

/** Throws where an amount is not made of whole numbers of at least 0. */
export function checkAmount({ microUsd, tokens }: Amount): void {
  checkUnits('microUsd', microUsd)
  checkUnits('tokens', tokens)
}

function checkUnits(name: string, units: number): void {
  if (Number.isSafeInteger(units) && units >= 0) return
  throw new LockgateError(
    'invalid_field',
    `${name} must be a whole number of at least 0, not ${String(units)}.`,
  )
}
