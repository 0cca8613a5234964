/** One subject in memory: its usage, its requests in flight, and its place in a list by last use. */
import { isSavedPlan, type Plan } from '../../core/limits/plan.ts'
import { Usage } from '../../core/limits/usage.ts'

/** Nothing to save. */
export const SAVED = -1

export class Subject extends Usage {
  readonly name: string
  /** Unsettled receipts that count against a cap. */
  inFlight = 0
  /** How many of the newest units are not saved yet; `SAVED` when nothing changed. */
  unsaved = SAVED
  /** The list that holds the subject; undefined while it is not tracked. */
  list: SubjectList | undefined = undefined
  newer: Subject | undefined = undefined
  older: Subject | undefined = undefined

  constructor(name: string, plan: Plan, nowMs: number) {
    super(plan, nowMs)
    this.name = name
  }

  /**
   * Refused now, with requests in flight, or restored and not yet seen with its limits: forgetting
   * it would let something through.
   */
  isHeld(nowMs: number): boolean {
    if (this.inFlight > 0 || !this.fits(1, nowMs)) return true
    return isSavedPlan(this.plan) && !this.isIdle(nowMs)
  }
}

/** Subjects by last use. Every operation takes constant time. */
export class SubjectList {
  #newest: Subject | undefined = undefined
  #oldest: Subject | undefined = undefined

  get oldest(): Subject | undefined {
    return this.#oldest
  }

  /** Puts a subject that is in no list in front. */
  addNewest(subject: Subject): void {
    subject.list = this
    subject.older = this.#newest
    if (this.#newest === undefined) this.#oldest = subject
    else this.#newest.newer = subject
    this.#newest = subject
  }

  /** Puts a subject that is in no list at the end. */
  addOldest(subject: Subject): void {
    subject.list = this
    subject.newer = this.#oldest
    if (this.#oldest === undefined) this.#newest = subject
    else this.#oldest.older = subject
    this.#oldest = subject
  }

  /** Puts a subject of this list in front. */
  renew(subject: Subject): void {
    if (subject === this.#newest) return
    this.remove(subject)
    this.addNewest(subject)
  }

  remove(subject: Subject): void {
    const { newer, older } = subject
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    subject.list = undefined
    subject.newer = undefined
    subject.older = undefined
  }
}
