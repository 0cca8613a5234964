/**
 * The calls of `createOutageCounters`: to the shared counters while all is well, by the policy in an
 * outage; how one begins, and how it ends.
 *
 * Both happen in one go, without an `await`, so each call is decided by one side and charged there.
 */
import { type CountersFailure, CountersUnavailableError } from '../../core/errors.ts'
import type {
  ConsumeOutcome,
  ConsumeRequest,
  Hold,
  LimitsOutcome,
  Receipt,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { type Alone, CLOSED, createOpen, refuseSpend } from './alone.ts'
import { Arrears } from './arrears.ts'
import { LocalDecisions } from './local-decisions.ts'
import { LocalReceipt, UncountedReceipt } from './local-receipt.ts'
import type { OutageCounters, OutageCountersOptions, OutageStats } from './outage-counters.ts'
import { OutageCourse } from './outage-course.ts'
import type { Outage, OutageListener } from './outage-event.ts'
import { LEASE_MS, Peers } from './peers.ts'
import { Probes } from './probes.ts'
import { SharedCalls, within } from './shared-calls.ts'
import { SharedSpend } from './shared-spend.ts'
import { UsageJournal } from './usage-journal.ts'

const DEFAULT_DEADLINE_MS = 250
/** How long the end of an outage may wait for what is merged; the rest is merged after it. */
const MERGE_MS = 1_000
/** How long the end of this process may wait for a server that does not answer. */
const CLOSE_MS = 1_000

export class GuardedCounters implements OutageCounters {
  readonly #options: OutageCountersOptions
  readonly #calls: SharedCalls
  readonly #spend: SharedSpend
  readonly #peers: Peers
  readonly #probes: Probes
  readonly #journal: UsageJournal
  readonly #arrears: Arrears
  readonly #shares: LocalDecisions
  readonly #alone: Alone
  readonly #course: OutageCourse
  #closed = false

  constructor(options: OutageCountersOptions) {
    const { shared, local, policy, clock, instanceId, log } = options
    const { deadlineMs = DEFAULT_DEADLINE_MS, startInOutage = false } = options
    this.#options = options
    this.#course = new OutageCourse(clock, policy)
    this.#calls = new SharedCalls(clock, deadlineMs, (reason, message) => {
      this.#begin(reason, message)
    })
    const isOut = (): boolean => this.#isOut
    this.#spend = new SharedSpend({ shared, calls: this.#calls, isOut, log })
    this.#peers = new Peers({ instanceId, clock, heartbeat: () => this.#heartbeat() })
    this.#journal = new UsageJournal(clock)
    this.#arrears = new Arrears(shared, this.#journal, log)
    this.#shares = new LocalDecisions(local, this.#journal, clock, this.#peers.sharers)
    const closedOrOpen = policy === 'closed' ? CLOSED : createOpen(local, clock)
    this.#alone = policy === 'local' ? this.#shares : closedOrOpen
    this.#probes = new Probes({
      probe: () => shared.probe(),
      deadlineMs: deadlineMs / 2,
      recover: () => this.#recover(),
      onFailure: (error) => log.debug({ err: error }, 'the shared counters are not back yet'),
    })
    if (startInOutage) this.#begin('unreachable', 'they could not be reached at start')
  }

  /** What holds money is never decided alone: each instance would spend the whole cap. */
  consume(request: ConsumeRequest): ConsumeOutcome | Promise<ConsumeOutcome> {
    this.#peers.start()
    const { hold } = request
    if (this.#isOut) {
      if (hold !== undefined) return new Promise((resolve) => resolve(refuseSpend()))
      return this.#decideAlone('consume', request)
    }
    return this.#calls.ask<ConsumeOutcome>(() => this.#options.shared.consume(request), {
      instead: hold === undefined ? () => this.#decideNow('consume', request) : refuseSpend,
      late: (late) => this.#giveBack(late, hold),
      seen: (outcome) => this.#learnVersion(request, outcome),
    })
  }

  peek(request: ConsumeRequest): LimitsOutcome | Promise<LimitsOutcome> {
    if (this.#isOut) return this.#decideAlone('peek', request)
    return this.#calls.ask<LimitsOutcome>(() => this.#options.shared.peek(request), {
      instead: () => this.#decideNow('peek', request),
    })
  }

  /**
   * In an outage the shared counters are asked as well, for they must know that the request is over:
   * nobody waits for it, and a place that is not given back now is given back by its lease.
   */
  settle(receipt: Receipt, actualCosts?: readonly number[]): void | Promise<void> {
    if (receipt instanceof UncountedReceipt) return
    if (receipt instanceof LocalReceipt) return this.#shares.settle(receipt, actualCosts)
    const { shared, log } = this.#options
    if (this.#isOut) return this.#settleUnawaited(receipt, actualCosts)
    return this.#calls.ask<void>(() => shared.settle(receipt, actualCosts), {
      instead: () => log.debug({}, 'a request could not be settled: there is an outage'),
    })
  }

  /** Never throws or rejects: what cannot be told now is told when the counters are back. */
  setKeyVersion(keyId: string, version: number): void | Promise<void> {
    const { shared, local, log } = this.#options
    local.setKeyVersion(keyId, version)
    const instead = (): void => this.#arrears.rememberVersion(keyId, version)
    if (this.#isOut) return instead()
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

  nowMs(): number | Promise<number> {
    return this.#spend.nowMs()
  }

  seed(seeds: readonly SpendSeed[]): void | Promise<void> {
    return this.#spend.seed(seeds)
  }

  settleHold(hold: TakenHold, actual: Amount): void | Promise<void> {
    return this.#spend.settleHold(hold, actual)
  }

  spendStatus(charges: readonly SpendCharge[]) {
    return this.#spend.spendStatus(charges)
  }

  outage(): Outage | undefined {
    return this.#course.current
  }

  onOutage(listener: OutageListener): void {
    this.#course.listen(listener)
  }

  stats(): OutageStats {
    const { outages, localDecisions } = this.#course
    return { outages, localDecisions, timeouts: this.#calls.timeouts }
  }

  /** Ends the timers. Tells the shared counters what they do not know yet, if they are there. */
  async close(): Promise<void> {
    this.#closed = true
    this.#peers.stop()
    this.#probes.stop()
    if (!this.#isOut) await this.#tellRest()
    const { local, shared, log } = this.#options
    await local.close()
    await within(CLOSE_MS, () => shared.close()).catch((error: unknown) => {
      log.debug({ err: error }, 'the shared counters were not closed in order')
    })
  }

  get #isOut(): boolean {
    return this.#course.current !== undefined
  }

  #decideNow(intent: 'consume' | 'peek', request: ConsumeRequest): LimitsOutcome {
    this.#course.localDecisions += 1
    return this.#alone[intent](request)
  }

  /** A policy that refuses throws; callers of counters expect a promise that rejects. */
  #decideAlone(
    intent: 'consume' | 'peek',
    request: ConsumeRequest,
  ): LimitsOutcome | Promise<LimitsOutcome> {
    if (this.#options.policy !== 'closed') return this.#decideNow(intent, request)
    return new Promise((resolve) => resolve(this.#decideNow(intent, request)))
  }

  /** A newer version that the shared counters know is known here in an outage, too. */
  #learnVersion({ key }: ConsumeRequest, outcome: ConsumeOutcome): void {
    if (outcome.kind !== 'stale-key' || key === undefined) return
    this.#options.local.setKeyVersion(key.keyId, outcome.version)
  }

  /** The request was decided without this admission, so it must not be charged twice. */
  #giveBack(outcome: ConsumeOutcome, hold: Hold | undefined): void {
    if (outcome.kind !== 'admitted') return
    const { receipt } = outcome
    const nothing = receipt.charges.map(() => 0)
    this.#settleUnawaited(receipt, nothing)
    if (hold !== undefined) this.#spend.giveBack(hold, receipt)
  }

  #settleUnawaited(receipt: Receipt, actualCosts?: readonly number[]): void {
    const { shared, log } = this.#options
    new Promise<void>((settled) => settled(shared.settle(receipt, actualCosts))).catch(
      (error: unknown) => log.debug({ err: error }, 'a request could not be settled'),
    )
  }

  async #heartbeat(): Promise<readonly string[] | undefined> {
    if (this.#isOut) return undefined
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
      if (!this.#isOut && !this.#arrears.isEmpty) void this.#tellRest()
    }
  }

  #begin(reason: CountersFailure, message: string): void {
    if (this.#isOut || this.#closed) return
    this.#options.log.warn({ reason }, `the shared counters cannot be used: ${message}`)
    this.#shares.divideAmong(this.#peers.sharers)
    this.#course.begin(reason)
    this.#calls.abandonAll()
    this.#probes.start()
  }

  /** Decisions go on here meanwhile; what they admit is told in a last round. */
  async #recover(): Promise<void> {
    const { clock } = this.#options
    const nowMs = (): number => clock.monotonicMs()
    const endsAtMs = nowMs() + MERGE_MS
    await this.#arrears.tellVersions()
    await this.#arrears.tellUsage(nowMs, endsAtMs - nowMs())
    await this.#arrears.tellUsage(nowMs, endsAtMs - nowMs())
    if (this.#closed) return
    this.#probes.stop()
    this.#course.end()
    this.#peers.returned()
    this.#options.log.info({}, 'the shared counters are back')
    void this.#tellRest()
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
}
