/**
 * Counters in the memory of one process: one usage per subject, looked up by name.
 *
 * Synchronous, so every call is atomic: it looks at all charges, and only when all of them fit does
 * it take them. Time is the injected monotonic clock, and never goes back whatever the clock says.
 * There are no timers; idle subjects leave as new ones come. Bounded: see `subject-pool.ts` for what
 * happens when a pool is full. Usage of keys and routes can be checkpointed; addresses start fresh.
 */
import {
  checkActualCosts,
  isChargedBefore,
  refuseCost,
  refuseDuplicate,
} from '../../core/limits/charge-check.ts'
import type { LimitStatus } from '../../core/limits/limit.ts'
import { type Plan, Planner } from '../../core/limits/plan.ts'
import { type ChargeLook, refusalOf } from '../../core/limits/refusal.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type {
  CapStatus,
  Charge,
  CheckpointedCounters,
  ConsumeOutcome,
  ConsumeRequest,
  LimitsOutcome,
  Receipt,
  SpendCharge,
  SpendSeed,
  TakenHold,
  UsageDelta,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { restoreDelta, takeDelta } from './checkpoint.ts'
import { KeyVersions } from './key-versions.ts'
import { MemoryReceipt } from './receipt.ts'
import { SAVED, Subject } from './subject.ts'
import { isSavedKind, SubjectPools } from './subject-pools.ts'

export interface MemoryCountersOptions {
  readonly clock: Clock
  /** Addresses remembered at most, and as many again with bad credentials. Default 200,000. */
  readonly maxAddresses?: number
  /** Keys remembered at most, and as many routes of keys. Default 1,000,000. */
  readonly maxKeys?: number
  /** Changed keys whose version is remembered. Default 100,000. */
  readonly maxKeyVersions?: number
}

/** Counters in memory whose answers never have to be awaited. */
export interface MemoryCounters extends CheckpointedCounters {
  /** Subjects that are remembered now. */
  readonly tracked: number
  consume(request: ConsumeRequest): ConsumeOutcome
  peek(request: ConsumeRequest): LimitsOutcome
  settle(receipt: Receipt, actualCosts?: readonly number[]): void
  setKeyVersion(keyId: string, version: number): void
  nowMs(): number
  seed(seeds: readonly SpendSeed[]): void
  settleHold(hold: TakenHold, actual: Amount): void
  spendStatus(charges: readonly SpendCharge[]): readonly (readonly CapStatus[])[]
  close(): void
}

/**
 * Counters that live in this process.
 *
 * ```ts
 * const counters = createMemoryCounters({ clock })
 * counters.consume({ charges: [{ subject: keySubject('7Hq2mZ9x'), limits: tier.limits, cost: 1 }] })
 * ```
 */
export function createMemoryCounters(options: MemoryCountersOptions): MemoryCounters {
  return new InMemoryCounters(options)
}

class InMemoryCounters implements MemoryCounters {
  readonly #clock: Clock
  readonly #planner = new Planner()
  readonly #versions: KeyVersions
  readonly #pools: SubjectPools
  /** Keys and routes that changed since the last checkpoint. */
  readonly #unsaved = new Set<Subject>()
  #latestMs = 0

  constructor(options: MemoryCountersOptions) {
    const { clock, maxAddresses = 200_000, maxKeys = 1_000_000, maxKeyVersions = 100_000 } = options
    this.#clock = clock
    this.#versions = new KeyVersions(maxKeyVersions)
    this.#pools = new SubjectPools(maxKeys, maxAddresses, (subject) => {
      this.#unsaved.delete(subject)
    })
  }

  get tracked(): number {
    return this.#pools.count
  }

  consume(request: ConsumeRequest): ConsumeOutcome {
    return this.#decide(request, true)
  }

  peek(request: ConsumeRequest): LimitsOutcome {
    return this.#decide(request, false)
  }

  settle(receipt: Receipt, actualCosts?: readonly number[]): void {
    if (!(receipt instanceof MemoryReceipt) || receipt.settled) return
    if (actualCosts !== undefined) checkActualCosts(receipt.charges, actualCosts)
    receipt.settled = true
    const nowMs = this.#nowMs()
    for (const [index, charge] of receipt.charges.entries()) {
      const subject = receipt.subjects[index]
      if (subject === undefined) continue
      if (charge.maxConcurrent !== undefined) subject.inFlight -= 1
      const extra = (actualCosts?.[index] ?? charge.cost) - charge.cost
      if (extra > 0) this.#chargeMore(subject, charge, extra, nowMs)
      if (extra < 0) this.#giveBack(subject, receipt, index, -extra, nowMs)
    }
  }

  setKeyVersion(keyId: string, version: number): void {
    this.#versions.set(keyId, version)
  }

  nowMs(): number {
    return this.#nowMs()
  }

  seed(_seeds: readonly SpendSeed[]): void {}

  settleHold(_hold: TakenHold, _actual: Amount): void {}

  spendStatus(charges: readonly SpendCharge[]): readonly (readonly CapStatus[])[] {
    return charges.map(() => [])
  }

  takeUsage(): UsageDelta[] {
    const nowMs = this.#nowMs()
    const deltas: UsageDelta[] = []
    for (const subject of this.#unsaved) deltas.push(takeDelta(subject, nowMs))
    this.#unsaved.clear()
    return deltas
  }

  restoreUsage(usage: Iterable<UsageDelta>): void {
    const nowMs = this.#nowMs()
    for (const delta of usage) {
      const pool = this.#pools.of(delta.subject)
      const restored = restoreDelta(this.#planner, pool.find(delta.subject), delta, nowMs)
      if (restored.list === undefined) pool.track(restored, nowMs)
    }
  }

  close(): void {
    this.#pools.clear()
    this.#unsaved.clear()
    this.#versions.clear()
  }

  /** Whole ms; stands still where the clock goes back. */
  #nowMs(): number {
    const clockMs = Math.floor(this.#clock.monotonicMs())
    if (clockMs > this.#latestMs) this.#latestMs = clockMs
    return this.#latestMs
  }

  #decide(request: ConsumeRequest, charging: boolean): LimitsOutcome {
    const { charges, key } = request
    if (key !== undefined) {
      const version = this.#versions.newerThan(key.keyId, key.version)
      if (version !== undefined) return { kind: 'stale-key', version }
    }
    const nowMs = this.#nowMs()
    const subjects: Subject[] = []
    let admitted = true
    for (const charge of charges) {
      const subject = this.#subjectOf(charge, nowMs)
      if (isChargedBefore(charge, charges)) refuseDuplicate(charge)
      if (!hasPlace(subject, charge) || !subject.fits(charge.cost, nowMs)) admitted = false
      subjects.push(subject)
    }
    if (!admitted) {
      return refusalOf(looksAt(charges, subjects, nowMs), statusesOf(subjects, nowMs))
    }
    const receipt = new MemoryReceipt(nowMs, charges, subjects)
    if (charging) this.#take(receipt)
    else receipt.settled = true
    return { kind: 'admitted', receipt, limits: statusesOf(subjects, nowMs) }
  }

  /** The subject of a charge with its limits in place; a new one is not tracked yet. */
  #subjectOf(charge: Charge, nowMs: number): Subject {
    const subject = this.#pools.of(charge.subject).find(charge.subject)
    let plan: Plan
    if (subject !== undefined && subject.plan.source === charge.limits) plan = subject.plan
    else plan = this.#planner.planOf(charge.limits)
    if (!(charge.cost >= 1 && charge.cost <= plan.smallestQuota)) refuseCost(charge)
    if (!Number.isSafeInteger(charge.cost)) refuseCost(charge)
    if (subject === undefined) return new Subject(charge.subject, plan, nowMs)
    if (subject.plan !== plan) subject.adopt(plan, nowMs)
    return subject
  }

  #take(receipt: MemoryReceipt): void {
    const { charges, subjects, atMs } = receipt
    for (let index = 0; index < subjects.length; index += 1) {
      const subject = subjects[index]
      const charge = charges[index]
      if (subject === undefined || charge === undefined) continue
      if (charge.maxConcurrent !== undefined) subject.inFlight += 1
      if (!this.#isTracked(subject, atMs)) continue
      subject.take(charge.cost, atMs)
      this.#changed(subject, charge.cost)
      const marks = subject.marks()
      if (marks === undefined) continue
      receipt.marks ??= []
      receipt.marks[index] = marks
    }
  }

  /** Tracks the subject if it is new; false when there is no room for it. */
  #isTracked(subject: Subject, nowMs: number): boolean {
    return subject.list !== undefined || this.#pools.of(subject.name).track(subject, nowMs)
  }

  #chargeMore(charged: Subject, charge: Charge, units: number, nowMs: number): void {
    const known =
      charged.list === undefined ? this.#pools.of(charged.name).find(charged.name) : charged
    const subject = known ?? new Subject(charged.name, this.#planner.planOf(charge.limits), nowMs)
    if (!this.#isTracked(subject, nowMs)) return
    subject.takeMore(units, nowMs)
    this.#changed(subject, units)
  }

  #giveBack(
    subject: Subject,
    receipt: MemoryReceipt,
    index: number,
    units: number,
    nowMs: number,
  ): void {
    if (subject.list === undefined) return
    const newer = subject.ring.countAfter(receipt.atMs)
    const taken = subject.giveBack(units, receipt.atMs, receipt.marks?.[index], nowMs)
    const notSaved = Math.min(taken, Math.max(0, subject.unsaved - newer))
    this.#changed(subject, -notSaved)
  }

  /** Remembers that a subject of a kind that is saved has `units` more to save. */
  #changed(subject: Subject, units: number): void {
    if (!isSavedKind(subject.name)) return
    if (subject.unsaved === SAVED) {
      subject.unsaved = 0
      this.#unsaved.add(subject)
    }
    subject.unsaved += units
  }
}

const hasPlace = (subject: Subject, charge: Charge): boolean =>
  charge.maxConcurrent === undefined || subject.inFlight < charge.maxConcurrent

function looksAt(
  charges: readonly Charge[],
  subjects: readonly Subject[],
  nowMs: number,
): ChargeLook[] {
  return subjects.map((subject, index) => {
    const charge = charges[index] ?? { subject: subject.name, limits: [], cost: 1 }
    const limits = subject.plan.limits.map((limit) => ({
      name: limit.name,
      waitMs: subject.opensAtMs(limit, charge.cost, nowMs) - nowMs,
      fits: subject.fitsLimit(limit, charge.cost, nowMs),
    }))
    return { hasPlace: hasPlace(subject, charge), limits }
  })
}

function statusesOf(subjects: readonly Subject[], nowMs: number): LimitStatus[][] {
  const lists: LimitStatus[][] = []
  for (const subject of subjects) {
    const statuses: LimitStatus[] = []
    for (const limit of subject.plan.limits) statuses.push(subject.status(limit, nowMs))
    lists.push(statuses)
  }
  return lists
}
