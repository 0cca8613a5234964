/**
 * What one key did since it was last saved: requests by clock hour, and in each hour by network.
 *
 * `record` is on the path of every request: it compares the hour and the address with those of the
 * request before, and adds 1. Memory is bounded: at most 64 networks, beyond which a request counts
 * for its hour only, and 24 hours, beyond which (a store that cannot be written for a day) the oldest
 * two become one. No request is lost either way.
 */
import type { ActivityDelta } from '../../core/ports/activity.ts'

const HOUR_MS = 3_600_000
const MAX_HOURS = 24
const MAX_NETWORKS = 64

interface Count {
  requests: number
  lastUsedAtMs: number
}

interface HourCount extends Count {
  startMs: number
  readonly networks: Map<string, Count>
}

/** Gives the network of an address; null where it has none, or networks are not kept. */
export type FindNetwork = (address: string) => string | null

export class KeyTally {
  /** Oldest first, unless the wall clock was set back; the last is the current one. */
  #hours: HourCount[]
  #hour: HourCount
  #networks = 0
  /** Of the last request: most requests of a key come from where the one before came from. */
  #address: string | undefined
  #network: Count | undefined

  constructor(nowMs: number) {
    this.#hour = newHour(nowMs)
    this.#hours = [this.#hour]
  }

  record(nowMs: number, address: string | undefined, find: FindNetwork): void {
    const { startMs } = this.#hour
    if (nowMs < startMs || nowMs >= startMs + HOUR_MS) this.#turnTo(nowMs)
    add(this.#hour, 1, nowMs)
    if (address === undefined) return
    if (address !== this.#address) {
      const network = find(address)
      this.#network = network === null ? undefined : this.#countOf(this.#hour, network)
      this.#address = address
    }
    if (this.#network !== undefined) add(this.#network, 1, nowMs)
  }

  /** Adds what was counted later, after a save that failed. */
  absorb(later: KeyTally): void {
    for (const hour of later.#hours) {
      this.#turnTo(hour.startMs)
      this.#merge(this.#hour, hour)
    }
  }

  /** One for each hour with requests. */
  deltas(keyId: string): ActivityDelta[] {
    return this.#hours.map((hour) => ({
      ...{ keyId, hourStartMs: hour.startMs },
      ...{ requests: hour.requests, lastUsedAtMs: hour.lastUsedAtMs },
      networks: Array.from(hour.networks, ([network, count]) => ({ network, ...count })),
    }))
  }

  /** Makes the hour of `atMs` the current one; the clock may have been set back to one before. */
  #turnTo(atMs: number): void {
    this.#address = undefined
    const { startMs } = newHour(atMs)
    const known = this.#hours.find((hour) => hour.startMs === startMs)
    this.#hour = known ?? newHour(atMs)
    if (known === undefined) this.#hours.push(this.#hour)
    if (this.#hours.length > MAX_HOURS) this.#foldOldest()
  }

  #foldOldest(): void {
    const [oldest, next, ...others] = this.#hours
    if (oldest === undefined || next === undefined) return
    this.#networks -= oldest.networks.size
    this.#merge(next, oldest)
    this.#hours = [next, ...others]
  }

  #merge(into: HourCount, from: HourCount): void {
    add(into, from.requests, from.lastUsedAtMs)
    for (const [network, { requests, lastUsedAtMs }] of from.networks) {
      const count = this.#countOf(into, network)
      if (count !== undefined) add(count, requests, lastUsedAtMs)
    }
  }

  #countOf(hour: HourCount, network: string): Count | undefined {
    const known = hour.networks.get(network)
    if (known !== undefined || this.#networks >= MAX_NETWORKS) return known
    const count = { requests: 0, lastUsedAtMs: 0 }
    hour.networks.set(network, count)
    this.#networks += 1
    return count
  }
}

function newHour(atMs: number): HourCount {
  const startMs = Math.floor(atMs / HOUR_MS) * HOUR_MS
  return { startMs, requests: 0, lastUsedAtMs: 0, networks: new Map() }
}

function add(count: Count, requests: number, atMs: number): void {
  count.requests += requests
  if (atMs > count.lastUsedAtMs) count.lastUsedAtMs = atMs
}
