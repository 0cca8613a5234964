/**
 * Shared counters that may be out of reach, made into counters that always answer in time.
 *
 * While all is well every call goes to the shared counters. The first failure (see
 * `shared-calls.ts`) begins an outage: what is waiting and what comes is decided by the policy, and
 * the shared counters are left alone but for a probe ten times a second. When they are back they are
 * told what happened meanwhile (`arrears.ts`), and the outage ends.
 *
 * Over all instances, in any window that overlaps an outage, at most twice the limit is admitted:
 * once by the shared counters, and once by the shares, which sum to the limit. A server that comes
 * back without its data has forgotten what it admitted, which can then be used once more. A window
 * that begins after the last instance has recovered holds no more than the limit.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { Counters, SharedCounters } from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { LocalCounters, OutagePolicy } from './alone.ts'
import { GuardedCounters } from './guarded-counters.ts'
import type { Outage, OutageListener } from './outage-event.ts'

export interface OutageCountersOptions {
  readonly shared: SharedCounters
  /** Counters of this process alone, fresh; those in memory will do. */
  readonly local: LocalCounters
  readonly policy: OutagePolicy
  readonly clock: Clock
  /** Random, per process. */
  readonly instanceId: string
  /** No call waits longer for the shared counters; default 250 ms. */
  readonly deadlineMs?: number
  /** Begin without the shared counters. Default false. */
  readonly startInOutage?: boolean
  readonly log: Logger
}

export interface OutageStats {
  readonly outages: number
  /** Decisions made without the shared counters, in all outages. */
  readonly localDecisions: number
  /** Calls that ran into the deadline. */
  readonly timeouts: number
}

export interface OutageCounters extends Counters {
  /** The outage that goes on; undefined while all is well. */
  outage(): Outage | undefined
  /** Tells of each beginning and end; of an outage that goes on at once. */
  onOutage(listener: OutageListener): void
  stats(): OutageStats
}

export function createOutageCounters(options: OutageCountersOptions): OutageCounters {
  return new GuardedCounters(options)
}
