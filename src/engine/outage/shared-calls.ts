/**
 * Calls to the shared counters that nobody waits for too long.
 *
 * One call that gets no answer within the deadline, or a `CountersUnavailableError`, means that the
 * counters are gone; so do four trips in a row that took more than half the deadline. Trips, not
 * answers: many calls may share one, and a pause of this process makes all that it finds afterwards
 * look late. Then every call that is still waiting is decided otherwise at once: none of them waits
 * out its own deadline. An answer that comes after that is handed to `late`.
 *
 * Calls wait in the order in which they were asked, with one timer for the oldest of them.
 */
import { type CountersFailure, CountersUnavailableError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'

const SLOW_TRIPS = 4

export interface CallParts<T> {
  /** Decides without the shared counters. */
  instead(): T
  /** Receives an answer that nobody waits for any more. */
  late?(answer: T): void
  /** Sees every answer, also one that comes late. */
  seen?(answer: T): void
}

interface Waiting {
  readonly askedAtMs: number
  readonly abandon: () => void
}

export class SharedCalls {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #onFailure: (reason: CountersFailure, message: string) => void
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined
  #slowInARow = 0
  #slowTripEndedAtMs = 0
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
    for (const { abandon } of [...this.#waiting]) abandon()
  }

  #wait<T>(answer: Promise<T>, parts: CallParts<T>): Promise<T> {
    return new Promise<T>((resolve) => {
      const waiting: Waiting = {
        askedAtMs: this.#clock.monotonicMs(),
        abandon: () => {
          if (!this.#waiting.delete(waiting)) return
          resolve(new Promise<T>((decided) => decided(parts.instead())))
        },
      }
      this.#waiting.add(waiting)
      this.#timer ??= this.#wake(this.#deadlineMs)
      answer.then(
        (value) => {
          parts.seen?.(value)
          if (!this.#waiting.delete(waiting)) return parts.late?.(value)
          resolve(value)
          this.#answered(waiting.askedAtMs)
        },
        (error: unknown) => {
          if (!this.#waiting.delete(waiting)) return
          // The promise keeps a failure of `instead` or of the call itself for its caller.
          resolve(new Promise<T>((decided) => decided(this.#failed(error, parts))))
        },
      )
    })
  }

  #wake(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#lookAtOldest(), afterMs).unref()
  }

  #lookAtOldest(): void {
    this.#timer = undefined
    const [oldest] = this.#waiting
    if (oldest === undefined) return
    const leftMs = oldest.askedAtMs + this.#deadlineMs - this.#clock.monotonicMs()
    if (leftMs > 0) this.#timer = this.#wake(leftMs)
    else this.#expire(oldest)
  }

  /**
   * The time is over. An answer may lie in a socket that nobody has read, because this process was
   * busy: it is read in this turn of the event loop, before `setImmediate`.
   */
  #expire(oldest: Waiting): void {
    setImmediate(() => {
      if (!this.#waiting.has(oldest)) return this.#lookAtOldest()
      this.timeouts += 1
      this.#onFailure('unreachable', `no answer within ${this.#deadlineMs} ms`)
      oldest.abandon()
      this.#lookAtOldest()
    })
  }

  #failed<T>(error: unknown, parts: CallParts<T>): T {
    if (!(error instanceof CountersUnavailableError)) throw error
    this.#onFailure(error.reason, error.message)
    return parts.instead()
  }

  #answered(askedAtMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    const limitMs = this.#deadlineMs / 2
    if (nowMs - askedAtMs <= limitMs) {
      this.#slowInARow = 0
      return
    }
    // Asked before the last slow one came back: of the same trip, or kept by the same pause.
    if (askedAtMs < this.#slowTripEndedAtMs) return
    this.#slowTripEndedAtMs = nowMs
    this.#slowInARow += 1
    if (this.#slowInARow < SLOW_TRIPS) return
    const message = `${SLOW_TRIPS} trips in a row took longer than ${limitMs} ms`
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
