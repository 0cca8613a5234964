/**
 * The newest known version of each key that changed. Bounded: the keys that changed longest ago are
 * forgotten first, and a forgotten key is taken at the version that its caller decided on.
 */
export class KeyVersions {
  readonly #size: number
  readonly #versions = new Map<string, number>()

  constructor(size: number) {
    this.#size = size
  }

  /** The known version where it is newer than `version`, else undefined. */
  newerThan(keyId: string, version: number): number | undefined {
    const known = this.#versions.get(keyId)
    return known !== undefined && known > version ? known : undefined
  }

  set(keyId: string, version: number): void {
    if (this.newerThan(keyId, version) !== undefined) return
    this.#versions.delete(keyId)
    this.#versions.set(keyId, version)
    if (this.#versions.size <= this.#size) return
    for (const longestAgo of this.#versions.keys()) {
      this.#versions.delete(longestAgo)
      return
    }
  }

  clear(): void {
    this.#versions.clear()
  }
}
