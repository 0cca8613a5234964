/** The newest of many, oldest first. Trimmed in blocks, so that a flood costs no shift for each. */
export class Newest<T> {
  readonly #kept: T[] = []
  readonly #atMost: number

  constructor(atMost: number) {
    this.#atMost = atMost
  }

  push(item: T): void {
    this.#kept.push(item)
    if (this.#kept.length > 2 * this.#atMost) this.#kept.splice(0, this.#atMost + 1)
  }

  find(holds: (item: T) => boolean): T | undefined {
    return this.#kept.findLast(holds)
  }

  list(): readonly T[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - this.#atMost))
  }
}
