/**
 * Counting without a cost: plain numbers, by labels from fixed lists. What is not in a list counts as
 * `other`, so no caller can make a tally grow. Prometheus sees the numbers when it asks.
 */
const OTHER = 'other'

/** One counter for each pair of two labels. */
export class PairTally {
  readonly #rows: readonly string[]
  readonly #columns: readonly string[]
  readonly #rowAt: ReadonlyMap<string, number>
  readonly #columnAt: ReadonlyMap<string, number>
  readonly #counts: Float64Array

  constructor(rows: Iterable<string>, columns: Iterable<string>) {
    this.#rows = [...new Set([...rows, OTHER])]
    this.#columns = [...new Set([...columns, OTHER])]
    this.#rowAt = indexOf(this.#rows)
    this.#columnAt = indexOf(this.#columns)
    this.#counts = new Float64Array(this.#rows.length * this.#columns.length)
  }

  add(row: string, column: string, count = 1): void {
    const at = this.#placeOf(row, column)
    this.#counts[at] = (this.#counts[at] ?? 0) + count
  }

  /** Those that were counted at all. */
  *entries(): IterableIterator<readonly [row: string, column: string, count: number]> {
    for (const row of this.#rows) {
      for (const column of this.#columns) {
        const count = this.#counts[this.#placeOf(row, column)] ?? 0
        if (count > 0) yield [row, column, count]
      }
    }
  }

  #placeOf(row: string, column: string): number {
    const r = this.#rowAt.get(row) ?? this.#rows.length - 1
    const c = this.#columnAt.get(column) ?? this.#columns.length - 1
    return r * this.#columns.length + c
  }
}

const indexOf = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, index) => [name, index]))
