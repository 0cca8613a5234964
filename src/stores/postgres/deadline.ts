/** A moment until which all parts of one piece of work together may take. */
import { DeadlineError } from './failure.ts'

export class Deadline {
  readonly #totalMs: number
  readonly #endMs: number

  /** `Infinity` never passes. */
  constructor(totalMs: number) {
    this.#totalMs = totalMs
    this.#endMs = performance.now() + totalMs
  }

  get passed(): boolean {
    return this.remainingMs === 0
  }

  /** Whole ms, rounded up. */
  get remainingMs(): number {
    return Math.max(0, Math.ceil(this.#endMs - performance.now()))
  }

  /** Rejects with a DeadlineError when `work` takes longer; what becomes of it then is ignored. */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    if (this.#totalMs === Number.POSITIVE_INFINITY) return work
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new DeadlineError(this.#totalMs)), this.remainingMs)
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
