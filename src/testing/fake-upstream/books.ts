/**
 * The books of a local fake: what was asked of it and what that would have cost, in total, by
 * credential and by model. Bounded: past `MAX_KEYS` credentials the rest share one line.
 */

export interface BookLine {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Whole micro-dollars. */
  readonly costMicroUsd: number
}

export interface Books {
  readonly total: BookLine
  /** By the credential as it was sent. */
  readonly byKey: ReadonlyMap<string, BookLine>
  readonly byModel: ReadonlyMap<string, BookLine>
}

export interface BookedCall extends Omit<BookLine, 'requests'> {
  readonly key: string
  readonly model: string
}

const MAX_KEYS = 10_000
const OTHER_KEYS = '(other keys)'
const EMPTY: BookLine = Object.freeze({
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  costMicroUsd: 0,
})

export class Bookkeeper {
  #total = EMPTY
  readonly #byKey = new Map<string, BookLine>()
  readonly #byModel = new Map<string, BookLine>()

  record({ key, model, inputTokens, outputTokens, costMicroUsd }: BookedCall): void {
    const line: BookLine = { requests: 1, inputTokens, outputTokens, costMicroUsd }
    const known = this.#byKey.has(key) || this.#byKey.size < MAX_KEYS
    this.#total = sum(this.#total, line)
    addTo(this.#byKey, known ? key : OTHER_KEYS, line)
    addTo(this.#byModel, model, line)
  }

  /** The books as they stand; later calls do not change what was returned. */
  snapshot(): Books {
    return { total: this.#total, byKey: new Map(this.#byKey), byModel: new Map(this.#byModel) }
  }
}

function addTo(lines: Map<string, BookLine>, name: string, line: BookLine): void {
  lines.set(name, sum(lines.get(name) ?? EMPTY, line))
}

function sum(a: BookLine, b: BookLine): BookLine {
  return {
    requests: a.requests + b.requests,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costMicroUsd: a.costMicroUsd + b.costMicroUsd,
  }
}
