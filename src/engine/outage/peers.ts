/**
 * Which instances share the limits: each says once a second that it is alive, and learns who else is.
 *
 * Begins with the first request, so that a command that only changes keys never takes a share. When
 * an outage begins the list stands still. After it, instances that are slower to come back, or a
 * server that came back empty, must not make the others' shares larger: who was known before the
 * outage counts for one lease more.
 */
import type { Clock } from '../../core/ports/clock.ts'
import { Sharers } from './shares.ts'

const HEARTBEAT_MS = 1_000
export const LEASE_MS = 5_000

export interface PeersParts {
  readonly instanceId: string
  readonly clock: Clock
  /** Says that this instance is alive; undefined when that could not be said. */
  readonly heartbeat: () => Promise<readonly string[] | undefined>
}

export class Peers {
  readonly #parts: PeersParts
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #alive: readonly string[]
  #formerly: readonly string[] = []
  #formerlyUntilMs = 0

  constructor(parts: PeersParts) {
    this.#parts = parts
    this.#alive = [parts.instanceId]
  }

  get sharers(): Sharers {
    return new Sharers(this.#known(), this.#parts.instanceId)
  }

  /** Does nothing when it has begun already. */
  start(): void {
    if (this.#timer !== undefined || this.#stopped) return
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS)
    this.#timer.unref()
    void this.#beat()
  }

  /** An outage is over: those who were known keep their shares until they had time to be seen. */
  returned(): void {
    this.#formerly = this.#known()
    this.#formerlyUntilMs = this.#parts.clock.monotonicMs() + LEASE_MS
    if (this.#timer !== undefined) void this.#beat()
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    const alive = await this.#parts.heartbeat()
    if (alive !== undefined) this.#alive = alive
  }

  #known(): readonly string[] {
    const { clock, instanceId } = this.#parts
    const formerly = clock.monotonicMs() < this.#formerlyUntilMs ? this.#formerly : []
    return [...new Set([instanceId, ...this.#alive, ...formerly])]
  }
}
