/**
 * Limits in the memory of one process: one usage per subject, looked up by name.
 *
 * Bounded: see `subject-pool.ts` for what happens when a pool is full. Idle subjects leave as new ones
 * come. Usage of keys and routes can be checkpointed; addresses start fresh.
 */
import { isChargedBefore, refuseCost, refuseDuplicate } from '../../core/limits/charge-check.ts'
import type { LimitStatus } from '../../core/limits/limit.ts'
import { type Plan, Planner } from '../../core/limits/plan.ts'
import type { ChargeLook } from '../../core/limits/refusal.ts'
import type { Charge, UsageDelta } from '../../core/ports/counters.ts'
import { restoreDelta, takeDelta } from './checkpoint.ts'
import type { MemoryReceipt } from './receipt.ts'
import { SAVED, Subject } from './subject.ts'
import { isSavedKind, SubjectPools } from './subject-pools.ts'

export class LimitBook {
  readonly #planner = new Planner()
  readonly #pools: SubjectPools
  /** Keys and routes that changed since the last checkpoint. */
  readonly #unsaved = new Set<Subject>()

  constructor(maxKeys: number, maxAddresses: number) {
    this.#pools = new SubjectPools(maxKeys, maxAddresses, (subject) => {
      this.#unsaved.delete(subject)
    })
  }

  /** Subjects that are remembered. */
  get count(): number {
    return this.#pools.count
  }

  /** Puts the subjects of the charges into `subjects`; true when all of them fit. */
  find(charges: readonly Charge[], subjects: Subject[], nowMs: number): boolean {
    let fits = true
    for (const charge of charges) {
      const subject = this.#subjectOf(charge, nowMs)
      if (isChargedBefore(charge, charges)) refuseDuplicate(charge)
      if (!hasPlace(subject, charge) || !subject.fits(charge.cost, nowMs)) fits = false
      subjects.push(subject)
    }
    return fits
  }

  take(receipt: MemoryReceipt): void {
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

  settle(receipt: MemoryReceipt, actualCosts: readonly number[] | undefined, nowMs: number): void {
    for (const [index, charge] of receipt.charges.entries()) {
      const subject = receipt.subjects[index]
      if (subject === undefined) continue
      if (charge.maxConcurrent !== undefined) subject.inFlight -= 1
      const extra = (actualCosts?.[index] ?? charge.cost) - charge.cost
      if (extra > 0) this.#chargeMore(subject, charge, extra, nowMs)
      if (extra < 0) this.#giveBack(subject, receipt, index, -extra, nowMs)
    }
  }

  takeUsage(nowMs: number): UsageDelta[] {
    const deltas: UsageDelta[] = []
    for (const subject of this.#unsaved) deltas.push(takeDelta(subject, nowMs))
    this.#unsaved.clear()
    return deltas
  }

  restoreUsage(usage: Iterable<UsageDelta>, nowMs: number): void {
    for (const delta of usage) {
      const pool = this.#pools.of(delta.subject)
      const restored = restoreDelta(this.#planner, pool.find(delta.subject), delta, nowMs)
      if (restored.list === undefined) pool.track(restored, nowMs)
    }
  }

  clear(): void {
    this.#pools.clear()
    this.#unsaved.clear()
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

/** How each limit looks at its charge; only for what is refused. */
export function looksAt(
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

export function statusesOf(subjects: readonly Subject[], nowMs: number): LimitStatus[][] {
  const lists: LimitStatus[][] = []
  for (const subject of subjects) {
    const statuses: LimitStatus[] = []
    for (const limit of subject.plan.limits) statuses.push(subject.status(limit, nowMs))
    lists.push(statuses)
  }
  return lists
}
