/**
 * What the shared counters do not know yet: units that were admitted here, and versions of keys that
 * changed here. Told to them in small calls, one after the other.
 *
 * A call that fails for want of counters is put back and told again: nothing is lost. If only its
 * answer was lost, its units are counted twice, which refuses a little too much and never admits too
 * much. What the counters refuse for another reason they would refuse for ever; it is dropped.
 */
import { CountersUnavailableError } from '../../core/errors.ts'
import type { SharedCounters } from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { BoundedMap } from '../bounded-map.ts'
import { within } from './shared-calls.ts'
import type { UsageJournal } from './usage-journal.ts'

const MAX_VERSIONS = 100_000
const VERSIONS_AT_ONCE = 64
/** Nobody waits for these calls, so they may take longer than a decision. */
const CALL_MS = 2_000

export class Arrears {
  readonly #shared: SharedCounters
  readonly #journal: UsageJournal
  readonly #log: Logger
  readonly #versions = new BoundedMap<string, number>(MAX_VERSIONS)

  constructor(shared: SharedCounters, journal: UsageJournal, log: Logger) {
    this.#shared = shared
    this.#journal = journal
    this.#log = log
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0 && this.#journal.isEmpty
  }

  rememberVersion(keyId: string, version: number): void {
    this.#versions.set(keyId, Math.max(version, this.#versions.get(keyId) ?? 0))
  }

  /** Rejects with a `CountersUnavailableError`; the versions it did not get to are kept. */
  async tellVersions(): Promise<void> {
    for (;;) {
      const told = this.#versions.oldest(VERSIONS_AT_ONCE)
      if (told.length === 0) return
      await Promise.all(told.map(([keyId, version]) => this.#tellVersion(keyId, version)))
    }
  }

  /** Merges what is there now for at most `forMs`. Rejects with a `CountersUnavailableError`. */
  async tellUsage(nowMs: () => number, forMs: number): Promise<void> {
    const endsAtMs = nowMs() + forMs
    for (let left = this.#journal.units(); left > 0 && nowMs() < endsAtMs; ) {
      const { batch, units } = this.#journal.take()
      if (batch.size === 0) return
      left -= units
      try {
        await this.#tell(() => this.#shared.merge(this.#journal.usageOf(batch)))
      } catch (error) {
        this.#journal.putBack(batch)
        throw error
      }
    }
  }

  async #tellVersion(keyId: string, version: number): Promise<void> {
    await this.#tell(async () => this.#shared.setKeyVersion(keyId, version))
    if (this.#versions.get(keyId) === version) this.#versions.delete(keyId)
  }

  async #tell(call: () => Promise<void>): Promise<void> {
    try {
      await within(CALL_MS, call)
    } catch (error) {
      if (error instanceof CountersUnavailableError) throw error
      this.#log.error({ err: error }, 'the counters refused what was counted during an outage')
    }
  }
}
