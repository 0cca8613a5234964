/**
 * From when on what counters know of spend is believed. Whatever they were told before that time is
 * read anew from the ledger, so that whatever can make them forget heals by one way:
 *
 * - this process has started: they may hold what an earlier one left;
 * - an outage of shared counters is over: the server may have lost its last writes, or come back with
 *   old ones;
 * - counters in memory, where another process has changed the store.
 *
 * The time is asked for when it is first needed, so that a start waits for nobody.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { SpendCounters } from '../../core/ports/counters.ts'
import type { Freshness } from '../freshness.ts'

/** Other instances have by then written to the ledger what they admitted before the outage. */
const AFTER_OUTAGE_MS = 600
/** Other processes may write all the time: what they spend is looked up no more often than this. */
const REREAD_MS = 100
/** At most this part of the time is spent on it. */
const REREAD_SHARE = 10

export interface TrustParts {
  readonly counters: Pick<SpendCounters, 'nowMs'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Grows when another process changed the store; undefined where counters are shared. */
  readonly others: Pick<Freshness, 'generation'> | undefined
}

export class Trust {
  readonly #parts: TrustParts
  #sinceMs: number | undefined
  #asking: Promise<number> | undefined
  #doubts = 0
  #seen: number | undefined
  #rereadAtMs = Number.NEGATIVE_INFINITY
  #outageEndedAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: TrustParts) {
    this.#parts = parts
    this.#seen = parts.others?.generation()
  }

  /** Counters' time. Rejects when they cannot be asked. */
  since(): number | Promise<number> {
    this.#lookAtOthers()
    if (this.#sinceMs !== undefined) return this.#sinceMs
    if (this.#asking !== undefined) return this.#asking
    const answer = this.#parts.counters.nowMs()
    if (answer instanceof Promise) {
      this.#asking = this.#wait(answer)
      return this.#asking
    }
    this.#sinceMs = answer
    return answer
  }

  /** Nothing that was counted until now is believed any more. */
  distrust(): void {
    this.#doubts += 1
    this.#sinceMs = undefined
    this.#asking = undefined
  }

  outageEnded(): void {
    this.#outageEndedAtMs = this.#parts.clock.monotonicMs()
    this.distrust()
  }

  /** How long the ledger must not be read yet, in ms. */
  waitMs(): number {
    return Math.max(0, this.#outageEndedAtMs + AFTER_OUTAGE_MS - this.#parts.clock.monotonicMs())
  }

  /** Reading the ledger took so long. */
  readTook(durationMs: number): void {
    const untilMs = this.#parts.clock.monotonicMs() + REREAD_SHARE * durationMs
    this.#rereadAtMs = Math.max(this.#rereadAtMs, untilMs)
  }

  #lookAtOthers(): void {
    const { others, clock } = this.#parts
    if (others === undefined) return
    const generation = others.generation()
    if (generation === this.#seen) return
    const nowMs = clock.monotonicMs()
    if (nowMs < this.#rereadAtMs) return
    this.#seen = generation
    this.#rereadAtMs = nowMs + REREAD_MS
    this.distrust()
  }

  /** A time that was asked for before the latest doubt is of no use. */
  async #wait(answer: Promise<number>): Promise<number> {
    const doubts = this.#doubts
    try {
      const sinceMs = await answer
      if (doubts !== this.#doubts) return this.since()
      this.#sinceMs = sinceMs
      return sinceMs
    } catch (error) {
      if (doubts === this.#doubts) this.#asking = undefined
      throw error
    }
  }
}
