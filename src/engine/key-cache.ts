/**
 * The key cache: bounded, and never older than the store's last change by another process.
 *
 * `fresh` is the hot path: one Map read and one comparison. `load` asks the store; callers of the
 * same key share one query. When the store is down, keys confirmed within the last minute go on
 * working and all others are `unavailable`, which is not the same as unknown. A key that is known to
 * have changed is never served as it was before.
 *
 * Queries are bounded: a store that does not answer must not gather everyone who asks.
 */
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'
import type { Tier } from '../core/tier.ts'
import { BoundedMap } from './bounded-map.ts'
import { type CachedKey, unfoldKey } from './cached-key.ts'
import { type Freshness, STORE_OUTAGE_GRACE_MS } from './freshness.ts'

const MAX_KEYS = 100_000
const MAX_UNKNOWN = 10_000
/** Short: where a store cannot tell of changes, a new key may be refused for this long. */
const UNKNOWN_FOR_MS = 2_000
/** Queries at once while the store answers, and while it fails: then each may take seconds. */
const MAX_QUERIES = 1_024
const MAX_QUERIES_IN_OUTAGE = 64

interface Entry {
  readonly key: CachedKey
  generation: number
  /** When the store last returned this record. */
  confirmedAtMs: number
}

export type Lookup = CachedKey | 'unknown' | 'unavailable'

export interface KeyCacheParts {
  readonly store: Pick<Store, 'findKey'>
  readonly freshness: Freshness
  readonly clock: Clock
  readonly tiers: ReadonlyMap<string, Tier>
  readonly onStoreFailure: (error: unknown) => void
}

export class KeyCache {
  readonly #parts: KeyCacheParts
  readonly #entries = new BoundedMap<string, Entry>(MAX_KEYS)
  readonly #unknown = new BoundedMap<string, { generation: number; untilMs: number }>(MAX_UNKNOWN)
  readonly #loading = new Map<
    string,
    { readonly generation: number; readonly lookup: Promise<Lookup> }
  >()

  #queries = 0
  #storeFails = false

  constructor(parts: KeyCacheParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#entries.size
  }

  /** The key if it is cached and nothing has changed since; otherwise `load` it. */
  fresh(keyId: string): CachedKey | undefined {
    const { freshness } = this.#parts
    const entry = this.#entries.get(keyId)
    if (entry === undefined) return undefined
    if (entry.generation !== freshness.generation() || !freshness.storeAnswers) return undefined
    return entry.key
  }

  /** The key as it was last seen, however long ago: enough to recognise a client, not to admit it. */
  lastKnown(keyId: string): CachedKey | undefined {
    return this.#entries.get(keyId)?.key
  }

  load(keyId: string): Promise<Lookup> {
    const { freshness, clock } = this.#parts
    const generation = freshness.generation()
    const unknown = this.#unknown.get(keyId)
    if (unknown?.generation === generation && clock.monotonicMs() < unknown.untilMs) {
      return Promise.resolve('unknown')
    }
    // A query that began before the latest change may miss it, so only one of this generation serves.
    const running = this.#loading.get(keyId)
    if (running?.generation === generation) return running.lookup
    if (this.#queries >= (this.#storeFails ? MAX_QUERIES_IN_OUTAGE : MAX_QUERIES)) {
      return Promise.resolve(this.#storeFails ? this.#duringOutage(keyId) : 'unavailable')
    }
    const started = { generation, lookup: this.#query(keyId, generation) }
    this.#loading.set(keyId, started)
    void started.lookup.then(() => {
      if (this.#loading.get(keyId) === started) this.#loading.delete(keyId)
    })
    return started.lookup
  }

  /** Takes over a record that this process has just written or read. */
  put(record: KeyRecord): CachedKey {
    this.#unknown.delete(record.keyId)
    return this.#keep(record, this.#parts.freshness.generation())
  }

  /** The next use asks the store again. */
  invalidate(keyId: string): void {
    this.#unknown.delete(keyId)
    this.#loading.delete(keyId)
    const entry = this.#entries.get(keyId)
    if (entry === undefined) return
    entry.generation = -1
    entry.confirmedAtMs = Number.NEGATIVE_INFINITY
  }

  /** Never rejects. */
  async #query(keyId: string, generation: number): Promise<Lookup> {
    this.#queries += 1
    try {
      const record = await this.#parts.store.findKey(keyId)
      this.#storeFails = false
      if (record !== undefined) return this.#keep(record, generation)
      const untilMs = this.#parts.clock.monotonicMs() + UNKNOWN_FOR_MS
      this.#unknown.set(keyId, { generation, untilMs })
      return 'unknown'
    } catch (error) {
      this.#storeFails = true
      this.#parts.onStoreFailure(error)
      return this.#duringOutage(keyId)
    } finally {
      this.#queries -= 1
    }
  }

  #keep(record: KeyRecord, generation: number): CachedKey {
    const confirmedAtMs = this.#parts.clock.monotonicMs()
    const known = this.#entries.get(record.keyId)
    if (known !== undefined && known.key.record.version > record.version) return known.key
    if (known?.key.record.version === record.version) {
      known.generation = Math.max(known.generation, generation)
      known.confirmedAtMs = confirmedAtMs
      return known.key
    }
    const key = unfoldKey(record, this.#parts.tiers.get(record.tier))
    this.#entries.set(record.keyId, { key, generation, confirmedAtMs })
    return key
  }

  #duringOutage(keyId: string): Lookup {
    const entry = this.#entries.get(keyId)
    if (entry === undefined) return 'unavailable'
    const { freshness, clock } = this.#parts
    const unchanged = entry.generation === freshness.generation()
    const confirmedAtMs = unchanged ? freshness.answeredAtMs : entry.confirmedAtMs
    const ageMs = clock.monotonicMs() - confirmedAtMs
    return ageMs <= STORE_OUTAGE_GRACE_MS ? entry.key : 'unavailable'
  }
}
