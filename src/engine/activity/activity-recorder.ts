/**
 * Counts how keys are used, in memory, and saves it every few seconds: a request costs two look-ups
 * and no write. What could not be saved is kept and saved later, together with what came meanwhile.
 * A crash loses what was counted since the last save; nothing that decides depends on it.
 *
 * Memory is bounded by 10,000 keys with their networks. Keys beyond, all of which their owner was
 * given and none of which a client can make up, are counted without networks.
 */
import { networkOf } from '../../core/network.ts'
import type { Activity, ActivityDelta, KeyActivity } from '../../core/ports/activity.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { type FindNetwork, KeyTally } from './key-tally.ts'

const MAX_KEYS = 10_000
/** Addresses whose network is remembered. All are forgotten at once: that is cheap per address. */
const MAX_ADDRESSES = 10_000
/** Keys per write, so that no other write waits long. */
const KEYS_PER_SAVE = 100
const KEYS_PER_QUERY = 1_000

type ActivityStore = Pick<Activity, 'saveActivity' | 'findActivity'>

interface Counted {
  readonly tally: KeyTally
  readonly find: FindNetwork
}

export class ActivityRecorder {
  readonly #store: ActivityStore
  readonly #clock: Clock
  readonly #networks = new Map<string, string | null>()
  #keys = new Map<string, Counted>()
  /** Being saved now; they come back when that fails. */
  #savingKeys = 0
  #saving: Promise<void> = Promise.resolve()

  constructor(store: ActivityStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Counts a request that was admitted. */
  record(keyId: string, address: string | undefined): void {
    const nowMs = this.#clock.wallMs()
    const { tally, find } = this.#keys.get(keyId) ?? this.#begin(keyId, nowMs)
    tally.record(nowMs, address, find)
  }

  /** Saves what was counted until now, after any save under way. Rejects when it failed. */
  save(): Promise<void> {
    const saved = this.#saving.then(() => this.#saveTaken())
    this.#saving = saved.catch(() => undefined)
    return saved
  }

  /** How keys were used, those that ever were, what was counted here included. */
  async activityOf(keyIds: readonly string[]): Promise<ReadonlyMap<string, KeyActivity>> {
    await this.save()
    const found = new Map<string, KeyActivity>()
    for (let start = 0; start < keyIds.length; start += KEYS_PER_QUERY) {
      const page = await this.#store.findActivity(keyIds.slice(start, start + KEYS_PER_QUERY))
      for (const activity of page) found.set(activity.keyId, activity)
    }
    return found
  }

  #begin(keyId: string, nowMs: number): Counted {
    const isKept = this.#keys.size + this.#savingKeys < MAX_KEYS
    const counted = {
      tally: new KeyTally(nowMs),
      find: isKept ? this.#findNetwork : findNoNetwork,
    }
    this.#keys.set(keyId, counted)
    return counted
  }

  readonly #findNetwork: FindNetwork = (address) => {
    const known = this.#networks.get(address)
    if (known !== undefined) return known
    const network = networkOf(address)
    if (this.#networks.size >= MAX_ADDRESSES) this.#networks.clear()
    this.#networks.set(address, network)
    return network
  }

  async #saveTaken(): Promise<void> {
    const taken = [...this.#keys]
    this.#keys = new Map()
    this.#savingKeys = taken.length
    try {
      while (taken.length > 0) {
        await this.#store.saveActivity(deltasOf(taken.slice(-KEYS_PER_SAVE)))
        taken.splice(-KEYS_PER_SAVE)
        // Where the store is a file, saving takes place in this thread: requests come first.
        if (taken.length > 0) await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      this.#savingKeys = 0
      for (const [keyId, counted] of taken) this.#takeBack(keyId, counted)
    }
  }

  #takeBack(keyId: string, counted: Counted): void {
    const later = this.#keys.get(keyId)
    if (later !== undefined) counted.tally.absorb(later.tally)
    this.#keys.set(keyId, counted)
  }
}

const findNoNetwork: FindNetwork = () => null

function deltasOf(keys: readonly (readonly [string, Counted])[]): ActivityDelta[] {
  return keys.flatMap(([keyId, { tally }]) => tally.deltas(keyId))
}
