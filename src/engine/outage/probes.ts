/**
 * Finds out that the shared counters are back: two probes in a row must succeed. Probes do not
 * overlap; one that hangs is given up on after a while, because it may hang until its connection ends.
 */
import { within } from './shared-calls.ts'

const PROBE_MS = 100
const NEEDED_IN_A_ROW = 2
/** A probe without an answer holds up the next one for no longer than this. */
const GIVE_UP_MS = 500

export interface ProbesParts {
  readonly probe: () => Promise<void>
  readonly deadlineMs: number
  /** Takes the counters back; where it fails, probing goes on. */
  readonly recover: () => Promise<void>
  readonly onFailure: (error: unknown) => void
}

export class Probes {
  readonly #parts: ProbesParts
  #timer: NodeJS.Timeout | undefined
  #busy = false
  /** Ticks since a probe began that has no answer; undefined when there is none. */
  #hanging: { ticks: number } | undefined
  #succeeded = 0

  constructor(parts: ProbesParts) {
    this.#parts = parts
  }

  start(): void {
    this.stop()
    this.#succeeded = 0
    this.#timer = setInterval(() => void this.#tick(), PROBE_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Never rejects. */
  async #tick(): Promise<void> {
    if (this.#busy || this.#holdsUp()) return
    this.#busy = true
    try {
      await within(this.#parts.deadlineMs, () => this.#probe())
      this.#succeeded += 1
      if (this.#succeeded >= NEEDED_IN_A_ROW && this.#timer !== undefined) {
        this.#succeeded = 0
        await this.#parts.recover()
      }
    } catch (error) {
      this.#succeeded = 0
      this.#parts.onFailure(error)
    } finally {
      this.#busy = false
    }
  }

  #holdsUp(): boolean {
    if (this.#hanging === undefined) return false
    this.#hanging.ticks += 1
    return this.#hanging.ticks * PROBE_MS < GIVE_UP_MS
  }

  async #probe(): Promise<void> {
    const hanging = { ticks: 0 }
    this.#hanging = hanging
    try {
      await this.#parts.probe()
    } finally {
      if (this.#hanging === hanging) this.#hanging = undefined
    }
  }
}
