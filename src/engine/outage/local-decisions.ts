/**
 * Decisions by this instance's share of every limit, counted in its own counters and remembered for
 * the shared ones.
 *
 * The local counters are kept from one outage to the next, so two outages within one window do not
 * give a share twice. Callers see the quotas that are configured and what remains of the share.
 * What can never fit a share (a share may be nothing at all) is refused for a second, not for good:
 * the outage ends, or another instance has room.
 */
import type { LimitStatus } from '../../core/limits/limit.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Charge, ConsumeRequest, LimitsOutcome, Refused } from '../../core/ports/counters.ts'
import type { Alone, LocalCounters } from './alone.ts'
import { LocalReceipt } from './local-receipt.ts'
import { ShareLimits } from './share-limits.ts'
import type { Sharers } from './shares.ts'
import type { UsageJournal } from './usage-journal.ts'

const NO_SHARE_RETRY_MS = 1000

/** One charge as this instance sees it. */
interface Part {
  readonly asked: Charge
  /** What the local counters are asked for. */
  readonly charge: Charge
  readonly quotas: readonly number[]
  /** What can never fit here. */
  readonly never: { readonly reason: Refused['reason']; readonly limitName: string } | undefined
}

export class LocalDecisions implements Alone {
  readonly #counters: LocalCounters
  readonly #journal: UsageJournal
  readonly #clock: Clock
  #shares: ShareLimits

  constructor(counters: LocalCounters, journal: UsageJournal, clock: Clock, sharers: Sharers) {
    this.#counters = counters
    this.#journal = journal
    this.#clock = clock
    this.#shares = new ShareLimits(sharers)
  }

  /** From now on these instances divide every limit. */
  divideAmong(sharers: Sharers): void {
    this.#shares = new ShareLimits(sharers)
  }

  consume(request: ConsumeRequest): LimitsOutcome {
    const outcome = this.#decide(request, 'consume')
    if (outcome.kind !== 'admitted') return outcome
    for (const { subject, limits, cost } of request.charges) {
      this.#journal.add(subject, limits, cost, outcome.receipt.atMs)
    }
    return { ...outcome, receipt: new LocalReceipt(request.charges, outcome.receipt) }
  }

  peek(request: ConsumeRequest): LimitsOutcome {
    return this.#decide(request, 'peek')
  }

  /** Corrects here and in what will be merged. What was merged already stays: too little fits then. */
  settle(receipt: LocalReceipt, actualCosts?: readonly number[]): void {
    if (receipt.settled) return
    this.#counters.settle(receipt.inner, actualCosts)
    receipt.settled = true
    for (const [index, { subject, limits, cost }] of receipt.charges.entries()) {
      const extra = (actualCosts?.[index] ?? cost) - cost
      if (extra > 0) this.#journal.add(subject, limits, extra, this.#clock.monotonicMs())
      if (extra < 0) this.#journal.giveBack(subject, -extra, receipt.atMs)
    }
  }

  #decide(request: ConsumeRequest, intent: 'consume' | 'peek'): LimitsOutcome {
    const parts = request.charges.map((charge) => this.#partOf(charge))
    const index = parts.findIndex(({ never }) => never !== undefined)
    const never = parts[index]?.never
    if (never !== undefined) return this.#refuse(request, parts, { chargeIndex: index, ...never })
    const charges = parts.map(({ charge }) => charge)
    const outcome = this.#counters[intent]({ charges, ...(request.key && { key: request.key }) })
    if (outcome.kind === 'unseeded') throw new TypeError('nothing was to be held')
    return shownTo(parts, outcome)
  }

  #partOf(asked: Charge): Part {
    const { subject, limits, cost } = asked
    // What can never fit any instance is an error; the local counters say which.
    if (!Number.isSafeInteger(cost) || limits.some(({ quota }) => cost > quota)) {
      return { asked, charge: asked, quotas: limits.map(({ quota }) => quota), never: undefined }
    }
    const shares = this.#shares.sharesOf(asked)
    const places = this.#shares.placesOf(asked)
    const tooSmall = limits[shares.quotas.findIndex((quota) => cost > quota)]
    const charge = { subject, limits: shares.limits, cost }
    return {
      asked,
      charge: places === undefined ? charge : { ...charge, maxConcurrent: places },
      quotas: shares.quotas,
      never:
        tooSmall !== undefined
          ? { reason: 'limit', limitName: tooSmall.name }
          : places === 0
            ? { reason: 'concurrency', limitName: 'concurrency' }
            : undefined,
    }
  }

  /** Looks at what the other limits say, because the longest wait is what counts. */
  #refuse(
    request: ConsumeRequest,
    parts: readonly Part[],
    never: Pick<Refused, 'chargeIndex' | 'reason' | 'limitName'>,
  ): LimitsOutcome {
    const charges = parts.map(({ charge, quotas }) => {
      const { subject, limits } = charge
      return { subject, limits, cost: Math.max(1, Math.min(charge.cost, ...quotas)) }
    })
    const outcome = shownTo(parts, this.#counters.peek({ ...request, charges }))
    if (outcome.kind === 'stale-key') return outcome
    if (outcome.kind === 'refused' && outcome.retryAfterMs > NO_SHARE_RETRY_MS) return outcome
    return {
      ...{ kind: 'refused', ...never },
      ...{ retryAfterMs: NO_SHARE_RETRY_MS, limits: outcome.limits },
    }
  }
}

function shownTo(parts: readonly Part[], outcome: LimitsOutcome): LimitsOutcome {
  if (outcome.kind === 'stale-key') return outcome
  const limits = parts.map((part, index) => statusesOf(part, outcome.limits[index] ?? []))
  return { ...outcome, limits }
}

function statusesOf({ asked, quotas }: Part, statuses: readonly LimitStatus[]): LimitStatus[] {
  return statuses.map((status, index) => {
    const share = quotas[index] ?? 0
    const resetMs = share === 0 ? NO_SHARE_RETRY_MS : status.resetMs
    const quota = asked.limits[index]?.quota ?? status.quota
    return { ...status, quota, remaining: Math.min(status.remaining, share), resetMs }
  })
}
