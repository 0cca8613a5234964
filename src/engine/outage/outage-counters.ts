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
import { type CountersFailure, CountersUnavailableError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type {
  ConsumeOutcome,
  ConsumeRequest,
  Counters,
  Receipt,
  SharedCounters,
} from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type Alone, CLOSED, createOpen, type LocalCounters, type OutagePolicy } from './alone.ts'
import { Arrears } from './arrears.ts'
import { LocalDecisions } from './local-decisions.ts'
import { LocalReceipt, UncountedReceipt } from './local-receipt.ts'
import type { Outage, OutageEvent, OutageListener } from './outage-event.ts'
import { LEASE_MS, Peers } from './peers.ts'
import { Probes } from './probes.ts'
import { SharedCalls, within } from './shared-calls.ts'
import { UsageJournal } from './usage-journal.ts'

const DEFAULT_DEADLINE_MS = 250
/** How long the end of an outage may wait for what is merged; the rest is merged after it. */
const MERGE_MS = 1_000
/** How long the end of this process may wait for a server that does not answer. */
const CLOSE_MS = 1_000

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

class GuardedCounters implements OutageCounters {
  readonly #options: OutageCountersOptions
  readonly #calls: SharedCalls
  readonly #peers: Peers
  readonly #probes: Probes
  readonly #journal: UsageJournal
  readonly #arrears: Arrears
  readonly #shares: LocalDecisions
  readonly #alone: Alone
  readonly #listeners: OutageListener[] = []
  #outage: Outage | undefined
  #beganAtMs = 0
  #decisionsBefore = 0
  #outages = 0
  #localDecisions = 0
  #closed = false

  constructor(options: OutageCountersOptions) {
    const { shared, local, policy, clock, instanceId, log } = options
    const { deadlineMs = DEFAULT_DEADLINE_MS, startInOutage = false } = options
    this.#options = options
    this.#calls = new SharedCalls(clock, deadlineMs, (reason, message) => {
      this.#begin(reason, message)
    })
    this.#peers = new Peers({ instanceId, clock, heartbeat: () => this.#heartbeat() })
    this.#journal = new UsageJournal(clock)
    this.#arrears = new Arrears(shared, this.#journal, log)
    this.#shares = new LocalDecisions(local, this.#journal, clock, this.#peers.sharers)
    this.#alone = policy === 'local' ? this.#shares : closedOrOpen(policy, local, clock)
    this.#probes = new Probes({
      probe: () => shared.probe(),
      deadlineMs: deadlineMs / 2,
      recover: () => this.#recover(),
      onFailure: (error) => log.debug({ err: error }, 'the shared counters are not back yet'),
    })
    if (startInOutage) this.#begin('unreachable', 'they could not be reached at start')
  }

  consume(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome> {
    this.#peers.start()
    if (this.#outage !== undefined) return this.#decideAlone('consume', request)
    const outcome = this.#calls.ask<ConsumeOutcome>(() => this.#options.shared.consume(request), {
      instead: () => this.#decideNow('consume', request),
      late: (late) => this.#giveBack(late),
    })
    return this.#learningVersions(request, outcome)
  }

  peek(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome> {
    if (this.#outage !== undefined) return this.#decideAlone('peek', request)
    return this.#calls.ask<ConsumeOutcome>(() => this.#options.shared.peek(request), {
      instead: () => this.#decideNow('peek', request),
    })
  }

  /** A place in flight on the server that cannot be given back now is given back by its lease. */
  settle(receipt: Receipt, actualCosts?: readonly number[]): void | Promise<void> {
    if (receipt instanceof UncountedReceipt) return
    if (receipt instanceof LocalReceipt) return this.#shares.settle(receipt, actualCosts)
    const { shared, log } = this.#options
    const instead = (): void => {
      log.debug({}, 'a request was not settled, because the shared counters cannot be reached')
    }
    if (this.#outage !== undefined) return instead()
    return this.#calls.ask<void>(() => shared.settle(receipt, actualCosts), { instead })
  }

  /** Never throws or rejects: what cannot be told now is told when the counters are back. */
  setKeyVersion(keyId: string, version: number): void | Promise<void> {
    const { shared, local, log } = this.#options
    local.setKeyVersion(keyId, version)
    const instead = (): void => this.#arrears.rememberVersion(keyId, version)
    if (this.#outage !== undefined) return instead()
    const onRefusal = (error: unknown): void => {
      log.warn({ err: error, key_id: keyId }, 'the counters did not take the version of a key')
    }
    try {
      const told = this.#calls.ask<void>(() => shared.setKeyVersion(keyId, version), { instead })
      return told instanceof Promise ? told.catch(onRefusal) : told
    } catch (error) {
      onRefusal(error)
    }
  }

  outage(): Outage | undefined {
    return this.#outage
  }

  onOutage(listener: OutageListener): void {
    this.#listeners.push(listener)
    if (this.#outage !== undefined) listener({ kind: 'began', outage: this.#outage })
  }

  stats(): OutageStats {
    const { timeouts } = this.#calls
    return { outages: this.#outages, localDecisions: this.#localDecisions, timeouts }
  }

  /** Ends the timers. Tells the shared counters what they do not know yet, if they are there. */
  async close(): Promise<void> {
    this.#closed = true
    this.#peers.stop()
    this.#probes.stop()
    if (this.#outage === undefined) await this.#tellRest()
    const { local, shared, log } = this.#options
    await local.close()
    await within(CLOSE_MS, () => shared.close()).catch((error: unknown) => {
      log.debug({ err: error }, 'the shared counters were not closed in order')
    })
  }

  #decideNow(intent: 'consume' | 'peek', request: ConsumeRequest): ConsumeOutcome {
    this.#localDecisions += 1
    return this.#alone[intent](request)
  }

  /** A policy that refuses throws; callers of counters expect a promise that rejects. */
  #decideAlone(
    intent: 'consume' | 'peek',
    request: ConsumeRequest,
  ): ConsumeOutcome | Promise<ConsumeOutcome> {
    if (this.#options.policy !== 'closed') return this.#decideNow(intent, request)
    return new Promise((resolve) => resolve(this.#decideNow(intent, request)))
  }

  /** A newer version that the shared counters know is known here in an outage, too. */
  #learningVersions(
    { key }: ConsumeRequest,
    answer: ConsumeOutcome | Promise<ConsumeOutcome>,
  ): ConsumeOutcome | Promise<ConsumeOutcome> {
    if (key === undefined) return answer
    const learn = (outcome: ConsumeOutcome): ConsumeOutcome => {
      if (outcome.kind === 'stale-key') {
        this.#options.local.setKeyVersion(key.keyId, outcome.version)
      }
      return outcome
    }
    return answer instanceof Promise ? answer.then(learn) : learn(answer)
  }

  /** The request was decided without this admission, so it must not be charged twice. */
  #giveBack(outcome: ConsumeOutcome): void {
    if (outcome.kind !== 'admitted') return
    const { shared, log } = this.#options
    const { receipt } = outcome
    const nothing = receipt.charges.map(() => 0)
    new Promise<void>((settled) => settled(shared.settle(receipt, nothing))).catch(
      (error: unknown) => log.debug({ err: error }, 'a late admission could not be given back'),
    )
  }

  async #heartbeat(): Promise<readonly string[] | undefined> {
    if (this.#outage !== undefined) return undefined
    const { shared, instanceId, log } = this.#options
    try {
      return await this.#calls.ask<readonly string[] | undefined>(
        () => shared.heartbeat(instanceId, LEASE_MS),
        { instead: () => undefined },
      )
    } catch (error) {
      log.warn({ err: error }, 'the counters refused the heartbeat of this instance')
      return undefined
    } finally {
      // Costs that were corrected after an outage for what was admitted in it.
      if (this.#outage === undefined && !this.#arrears.isEmpty) void this.#tellRest()
    }
  }

  #begin(reason: CountersFailure, message: string): void {
    if (this.#outage !== undefined || this.#closed) return
    const { policy, clock, log } = this.#options
    this.#outages += 1
    this.#decisionsBefore = this.#localDecisions
    this.#beganAtMs = clock.monotonicMs()
    this.#shares.divideAmong(this.#peers.sharers)
    this.#outage = Object.freeze({ sinceMs: clock.wallMs(), reason, policy })
    log.warn({ reason, policy }, `the shared counters cannot be used: ${message}`)
    this.#calls.abandonAll()
    this.#probes.start()
    this.#tell({ kind: 'began', outage: this.#outage })
  }

  /** Decisions go on here meanwhile; what they admit is told in a last round. */
  async #recover(): Promise<void> {
    const { clock } = this.#options
    const nowMs = (): number => clock.monotonicMs()
    const endsAtMs = nowMs() + MERGE_MS
    await this.#arrears.tellVersions()
    await this.#arrears.tellUsage(nowMs, endsAtMs - nowMs())
    await this.#arrears.tellUsage(nowMs, endsAtMs - nowMs())
    if (this.#closed || this.#outage === undefined) return
    this.#end(this.#outage)
    void this.#tellRest()
  }

  #end(outage: Outage): void {
    const durationMs = this.#options.clock.monotonicMs() - this.#beganAtMs
    const localDecisions = this.#localDecisions - this.#decisionsBefore
    this.#probes.stop()
    this.#outage = undefined
    this.#peers.returned()
    this.#options.log.info({ durationMs, localDecisions }, 'the shared counters are back')
    this.#tell({ kind: 'ended', outage, durationMs, localDecisions })
  }

  /** What came too late for the end of an outage. Rejects only for a bug. */
  async #tellRest(): Promise<void> {
    const { clock } = this.#options
    try {
      await this.#arrears.tellVersions()
      await this.#arrears.tellUsage(() => clock.monotonicMs(), Number.POSITIVE_INFINITY)
    } catch (error) {
      if (!(error instanceof CountersUnavailableError)) throw error
      this.#begin(error.reason, error.message)
    }
  }

  #tell(event: OutageEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

function closedOrOpen(policy: OutagePolicy, local: LocalCounters, clock: Clock): Alone {
  return policy === 'closed' ? CLOSED : createOpen(local, clock)
}
