/**
 * Saves the usage of in-process counters in the store each second, so that a restart keeps the day
 * quota. What could not be saved is saved with the next round; nothing is dropped.
 */
import type { Clock } from '../core/ports/clock.ts'
import type { CheckpointedCounters, UsageDelta } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'

export class Checkpoint {
  readonly #counters: CheckpointedCounters
  readonly #store: Pick<Store, 'saveUsage' | 'loadUsage'>
  readonly #clock: Clock
  #unsaved: readonly UsageDelta[] = []
  #saving: Promise<void> = Promise.resolve()

  constructor(
    counters: CheckpointedCounters,
    store: Pick<Store, 'saveUsage' | 'loadUsage'>,
    clock: Clock,
  ) {
    this.#counters = counters
    this.#store = store
    this.#clock = clock
  }

  async restore(): Promise<void> {
    this.#counters.restoreUsage(await this.#store.loadUsage(this.#clock.monotonicMs()))
  }

  /** Saves what changed since the last round, after any round under way. Rejects when it failed. */
  save(): Promise<void> {
    const saved = this.#saving.then(() => this.#saveTaken())
    this.#saving = saved.catch(() => undefined)
    return saved
  }

  async #saveTaken(): Promise<void> {
    const taken = this.#counters.takeUsage()
    const usage = this.#unsaved.length === 0 ? taken : [...this.#unsaved, ...taken]
    if (usage.length === 0) return
    this.#unsaved = usage
    await this.#store.saveUsage(usage, this.#clock.monotonicMs())
    this.#unsaved = []
  }
}
