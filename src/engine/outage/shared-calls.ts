/**
 * Calls to the shared counters that nobody waits for too long.
 *
 * One call that gets no answer within the deadline, or a `CountersUnavailableError`, means that the
 * counters are gone; so do eight answers in a row that took more than half the deadline. Then every
 * call that is still waiting is decided otherwise at once: none of them waits out its own deadline.
 * An answer that comes after that is handed to `late`.
 */
import { type CountersFailure, CountersUnavailableError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'

const SLOW_ANSWERS = 8

export interface CallParts<T> {
  /** Decides without the shared counters. */
  instead(): T
  /** Receives an answer that nobody waits for any more. */
  late?(answer: T): void
}

export class SharedCalls {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #onFailure: (reason: CountersFailure, message: string) => void
  readonly #waiting = new Set<() => void>()
  #slowInARow = 0
  /** Calls that ran into the deadline themselves. */
  timeouts = 0

  /** `onFailure` must call `abandonAll` once `instead` can decide. */
  constructor(
    clock: Clock,
    deadlineMs: number,
    onFailure: (reason: CountersFailure, message: string) => void,
  ) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#onFailure = onFailure
  }

  ask<T>(call: () => T | Promise<T>, parts: CallParts<T>): T | Promise<T> {
    let answer: T | Promise<T>
    try {
      answer = call()
    } catch (error) {
      return this.#failed(error, parts)
    }
    return answer instanceof Promise ? this.#wait(answer, parts) : answer
  }

  /** Decides everything that is waiting without the shared counters. */
  abandonAll(): void {
    this.#slowInARow = 0
    for (const abandon of [...this.#waiting]) abandon()
  }

  #wait<T>(answer: Promise<T>, parts: CallParts<T>): Promise<T> {
    const askedAtMs = this.#clock.monotonicMs()
    return new Promise<T>((resolve) => {
      const isAwaited = (): boolean => {
        clearTimeout(timer)
        return this.#waiting.delete(abandon)
      }
      const abandon = (): void => {
        if (isAwaited()) resolve(new Promise<T>((decided) => decided(parts.instead())))
      }
      const timer = setTimeout(() => this.#expire(abandon), this.#deadlineMs)
      timer.unref()
      this.#waiting.add(abandon)
      answer.then(
        (value) => {
          if (!isAwaited()) return parts.late?.(value)
          resolve(value)
          this.#answeredAfter(this.#clock.monotonicMs() - askedAtMs)
        },
        (error: unknown) => {
          if (!isAwaited()) return
          // The promise keeps a failure of `instead` or of the call itself for its caller.
          resolve(new Promise<T>((decided) => decided(this.#failed(error, parts))))
        },
      )
    })
  }

  /**
   * The time is over. An answer may lie in a socket that nobody has read, because this process was
   * busy: it is read in this turn of the event loop, before `setImmediate`.
   */
  #expire(abandon: () => void): void {
    setImmediate(() => {
      if (!this.#waiting.has(abandon)) return
      this.timeouts += 1
      this.#onFailure('unreachable', `no answer within ${this.#deadlineMs} ms`)
      abandon()
    })
  }

  #failed<T>(error: unknown, parts: CallParts<T>): T {
    if (!(error instanceof CountersUnavailableError)) throw error
    this.#onFailure(error.reason, error.message)
    return parts.instead()
  }

  #answeredAfter(tookMs: number): void {
    const limitMs = this.#deadlineMs / 2
    this.#slowInARow = tookMs > limitMs ? this.#slowInARow + 1 : 0
    if (this.#slowInARow < SLOW_ANSWERS) return
    const message = `${SLOW_ANSWERS} answers in a row took longer than ${limitMs} ms`
    this.#onFailure('too_slow', message)
  }
}

/** Rejects with a `CountersUnavailableError` where the answer takes longer than `deadlineMs`. */
export function within<T>(deadlineMs: number, call: () => T | Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `no answer within ${deadlineMs} ms`
      reject(new CountersUnavailableError('unreachable', message))
    }, deadlineMs)
    timer.unref()
    new Promise<T>((answered) => answered(call()))
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
