/** Whether there is an outage, since when, and what it has cost so far; tells whoever listens. */
import type { CountersFailure } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { OutagePolicy } from './alone.ts'
import type { Outage, OutageEvent, OutageListener } from './outage-event.ts'

export class OutageCourse {
  readonly #clock: Clock
  readonly #policy: OutagePolicy
  readonly #listeners: OutageListener[] = []
  #current: Outage | undefined
  #beganAtMs = 0
  #decisionsBefore = 0
  /** How many have begun. */
  outages = 0
  /** Decisions without the shared counters, in all outages. */
  localDecisions = 0

  constructor(clock: Clock, policy: OutagePolicy) {
    this.#clock = clock
    this.#policy = policy
  }

  get current(): Outage | undefined {
    return this.#current
  }

  begin(reason: CountersFailure): void {
    this.outages += 1
    this.#decisionsBefore = this.localDecisions
    this.#beganAtMs = this.#clock.monotonicMs()
    const sinceMs = this.#clock.wallMs()
    this.#current = Object.freeze({ sinceMs, reason, policy: this.#policy })
    this.#tell({ kind: 'began', outage: this.#current })
  }

  end(): void {
    if (this.#current === undefined) return
    const outage = this.#current
    this.#current = undefined
    const durationMs = this.#clock.monotonicMs() - this.#beganAtMs
    const localDecisions = this.localDecisions - this.#decisionsBefore
    this.#tell({ kind: 'ended', outage, durationMs, localDecisions })
  }

  listen(listener: OutageListener): void {
    this.#listeners.push(listener)
    if (this.#current !== undefined) listener({ kind: 'began', outage: this.#current })
  }

  #tell(event: OutageEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
