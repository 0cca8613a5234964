/**
 * How this instance decides while the shared counters cannot be reached, by policy:
 *
 * - `local`: by its share of every limit (`local-decisions.ts`);
 * - `closed`: not at all; each request is refused as long as the outage lasts;
 * - `open`: everything is admitted and nothing is counted.
 *
 * Whatever the policy, nothing is decided alone that holds money.
 */
import { CountersUnavailableError } from '../../core/errors.ts'
import type { Limit, LimitStatus } from '../../core/limits/limit.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type {
  ConsumeOutcome,
  ConsumeRequest,
  Counters,
  LimitsOutcome,
  Receipt,
} from '../../core/ports/counters.ts'
import { UncountedReceipt } from './local-receipt.ts'

export type OutagePolicy = 'local' | 'closed' | 'open'

/** Counters of this process whose answers never have to be awaited, as those in memory. */
export interface LocalCounters extends Counters {
  consume(request: ConsumeRequest): ConsumeOutcome
  peek(request: ConsumeRequest): LimitsOutcome
  settle(receipt: Receipt, actualCosts?: readonly number[]): void
  setKeyVersion(keyId: string, version: number): void
}

export interface Alone {
  /** Throws where the policy is `closed`, or the request makes no sense. */
  consume(request: ConsumeRequest): LimitsOutcome
  peek(request: ConsumeRequest): LimitsOutcome
}

export const CLOSED: Alone = Object.freeze({ consume: refuse, peek: refuse })

function refuse(): never {
  throw new CountersUnavailableError(
    'unreachable',
    'The shared counters cannot be reached, and the outage policy is "closed". Restore Redis, or choose outage: "local".',
  )
}

export function refuseSpend(): never {
  throw new CountersUnavailableError(
    'unreachable',
    'The shared counters cannot be reached, and nothing is spent without them, whatever the outage policy. Restore Redis.',
  )
}

/** `local` knows which keys this process saw change; their old versions are stale here, too. */
export function createOpen(local: LocalCounters, clock: Clock): Alone {
  function admit({ charges, key }: ConsumeRequest): LimitsOutcome {
    const outcome = local.peek(key === undefined ? { charges: [] } : { charges: [], key })
    if (outcome.kind === 'stale-key') return outcome
    return {
      kind: 'admitted',
      receipt: new UncountedReceipt(charges, clock.monotonicMs()),
      limits: charges.map(({ limits }) => limits.map(unused)),
    }
  }
  return Object.freeze({ consume: admit, peek: admit })
}

const unused = ({ name, quota, windowMs }: Limit): LimitStatus => ({
  ...{ name, quota, windowMs, remaining: quota, resetMs: 0 },
})
