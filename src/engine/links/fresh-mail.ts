/**
 * A fresh mail for a link whose token has expired: at most one in ten minutes, by the counters, and at
 * most five in all, by their names. So nobody who found an old mail can flood its owner.
 */
import { CountersUnavailableError, LockgateError } from '../../core/errors.ts'
import type { Limit } from '../../core/limits/limit.ts'
import type { Counters, Receipt } from '../../core/ports/counters.ts'
import type { Store } from '../../core/ports/store.ts'
import { linkSubject } from '../../core/subject.ts'
import { mailsOf, type Notice } from '../post/notices.ts'

const MAX_MAILS = 5
const LIMITS: readonly Limit[] = Object.freeze([
  Object.freeze({
    ...{ name: 'fresh-mail', quota: 1, windowMs: 10 * 60_000 },
    algorithm: 'sliding-window' as const,
  }),
])

export interface FreshMailParts {
  readonly store: Pick<Store, 'enqueueMail'>
  readonly counters: Counters
}

/** Throws `rate_limited`, or `limiter_unavailable`. */
export async function queueFreshMail(
  { store, counters }: FreshMailParts,
  linkId: string,
  notice: Omit<Notice, 'name' | 'linkId'>,
): Promise<void> {
  const receipt = await takeTurn(counters, linkId)
  try {
    for (let number = 1; number <= MAX_MAILS; number++) {
      const named = { ...notice, name: `fresh-${linkId}-${number}`, linkId }
      if ((await store.enqueueMail(mailsOf(named, null))) > 0) return
    }
  } catch (error) {
    // Nothing was sent, so the turn is given back.
    await counters.settle(receipt, [0])
    throw error
  }
  throw new LockgateError(
    'rate_limited',
    `Five fresh mails were sent for this link. Ask whoever gave you the key for a new one.`,
  )
}

async function takeTurn(counters: Counters, linkId: string): Promise<Receipt> {
  const charge = { subject: linkSubject(linkId), limits: LIMITS, cost: 1 }
  try {
    const outcome = await counters.consume({ charges: [charge] })
    if (outcome.kind === 'admitted') return outcome.receipt
  } catch (error) {
    if (!(error instanceof CountersUnavailableError)) throw error
    throw new LockgateError('limiter_unavailable', undefined, { cause: error })
  }
  throw new LockgateError(
    'rate_limited',
    'A fresh mail was sent less than ten minutes ago. Look for it, then try again later.',
  )
}
