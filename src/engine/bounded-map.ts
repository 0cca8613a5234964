/** A Map that forgets its oldest entries beyond a fixed size, so that no caller can make it grow. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** Sets `key` as the newest entry. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#maxEntries) this.#forgetOldest()
    this.#entries.set(key, value)
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** At most `count` of the oldest entries. */
  oldest(count: number): [K, V][] {
    const found: [K, V][] = []
    for (const entry of this.#entries) {
      if (found.length === count) break
      found.push(entry)
    }
    return found
  }

  #forgetOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
