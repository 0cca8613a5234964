/**
 * The subjects of one kind, at most so many.
 *
 * Two lists by last use: `free` may be forgotten, `held` may not (refused now, or with requests in
 * flight). Each new subject first lets go of a few that are idle. When the pool is full it forgets
 * the least recently used free subject; a held one that it meets on the way moves to `held`, once
 * per time that it is held, so the cost per new subject is constant on average and nothing is ever
 * scanned. A few held subjects are looked at for each new one, and go back when they are free.
 *
 * When every subject is held there is no room. A `hard` pool then turns the new one away and its
 * owner admits it untracked: refusing instead would let whoever fills the pool with blocked
 * addresses lock out everyone else, and keys are limited in a pool of their own anyway. A pool that
 * is not hard grows beyond its size: an untracked key would spend without limit, and the number of
 * keys is the operator's, not an attacker's.
 */
import { type Subject, SubjectList } from './subject.ts'

const LOOKED_AT_PER_NEW_SUBJECT = 4

export class SubjectPool {
  readonly #size: number
  readonly #hard: boolean
  readonly #onForget: ((subject: Subject) => void) | undefined
  readonly #byName = new Map<string, Subject>()
  readonly #free = new SubjectList()
  readonly #held = new SubjectList()

  constructor(size: number, hard: boolean, onForget?: (subject: Subject) => void) {
    this.#size = size
    this.#hard = hard
    this.#onForget = onForget
  }

  get count(): number {
    return this.#byName.size
  }

  /** The tracked subject of that name, now the most recently used. */
  find(name: string): Subject | undefined {
    const subject = this.#byName.get(name)
    if (subject !== undefined && subject.list === this.#free) this.#free.renew(subject)
    return subject
  }

  /** Tracks a new subject; false when there is no room for it. */
  track(subject: Subject, nowMs: number): boolean {
    this.#forgetIdle(nowMs)
    this.#freeHeld(nowMs)
    if (this.#byName.size >= this.#size && !this.#makeRoom(nowMs) && this.#hard) return false
    this.#byName.set(subject.name, subject)
    this.#free.addNewest(subject)
    return true
  }

  /** Forgets every subject, held or not. */
  clear(): void {
    for (const subject of this.#byName.values()) {
      subject.list?.remove(subject)
      subject.forget()
    }
    this.#byName.clear()
  }

  #forgetIdle(nowMs: number): void {
    for (let left = LOOKED_AT_PER_NEW_SUBJECT; left > 0; left -= 1) {
      const oldest = this.#free.oldest
      if (oldest === undefined || oldest.inFlight > 0 || !oldest.isIdle(nowMs)) return
      this.#forget(oldest)
    }
  }

  #freeHeld(nowMs: number): void {
    for (let left = LOOKED_AT_PER_NEW_SUBJECT; left > 0; left -= 1) {
      const oldest = this.#held.oldest
      if (oldest === undefined) return
      this.#held.remove(oldest)
      if (oldest.isHeld(nowMs)) this.#held.addNewest(oldest)
      else this.#free.addOldest(oldest)
    }
  }

  #makeRoom(nowMs: number): boolean {
    for (let oldest = this.#free.oldest; oldest !== undefined; oldest = this.#free.oldest) {
      if (!oldest.isHeld(nowMs)) {
        this.#forget(oldest)
        return true
      }
      this.#free.remove(oldest)
      this.#held.addNewest(oldest)
    }
    return false
  }

  #forget(subject: Subject): void {
    this.#byName.delete(subject.name)
    this.#free.remove(subject)
    subject.forget()
    this.#onForget?.(subject)
  }
}
