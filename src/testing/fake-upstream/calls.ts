/**
 * One call that a local fake accepted, from its acceptance to the end of its connection: what was really
 * produced for it, also where the client went away. The input counts from the acceptance on, a token of
 * output once it was written. A call enters the books when it ends.
 */
import type { FakeUsage } from './answer.ts'
import type { Bookkeeper } from './books.ts'
import { costMicroUsd, type ModelPrice } from './prices.ts'

export type FakeEndpoint = 'chat' | 'responses' | 'embeddings' | 'messages'

/** `complete`: the last byte was sent. `client` and `fake`: who closed the connection before that. */
export type FakeEnd = 'open' | 'complete' | 'client' | 'fake'

export interface FakeCall {
  /** Also `x-request-id` of the answer. */
  readonly id: string
  /** What the request said in `x-fake-tag`, for a test to find its call again. */
  readonly tag: string | null
  readonly endpoint: FakeEndpoint
  /** The credential as it was sent. */
  readonly key: string
  readonly model: string
  readonly isStream: boolean
  /** Wall time. */
  readonly acceptedAtMs: number
  /** Wall time at which the connection was done with it; null while it runs. */
  readonly endedAtMs: number | null
  readonly end: FakeEnd
  /** What was produced until now. */
  readonly usage: FakeUsage
  /** What that costs. */
  readonly costMicroUsd: number
  /** The usage as the answer told it, once that was written. */
  readonly told: FakeUsage | null
}

export type CallFacts = Pick<
  FakeCall,
  'id' | 'tag' | 'endpoint' | 'key' | 'model' | 'isStream' | 'acceptedAtMs'
>

export class RunningCall {
  readonly #facts: CallFacts
  readonly #price: ModelPrice
  readonly #books: Bookkeeper
  #usage: FakeUsage
  #told: FakeUsage | null = null
  #end: FakeEnd = 'open'
  #endedAtMs: number | null = null

  constructor(facts: CallFacts, input: FakeUsage, price: ModelPrice, books: Bookkeeper) {
    this.#facts = facts
    this.#usage = { ...input, outputTokens: 0 }
    this.#price = price
    this.#books = books
  }

  get tag(): string | null {
    return this.#facts.tag
  }

  get outputTokens(): number {
    return this.#usage.outputTokens
  }

  produced(tokens: number): void {
    this.#usage = { ...this.#usage, outputTokens: this.#usage.outputTokens + tokens }
  }

  tell(usage: FakeUsage): void {
    this.#told = usage
  }

  /** The first end counts. */
  finish(end: Exclude<FakeEnd, 'open'>): void {
    if (this.#end !== 'open') return
    this.#end = end
    this.#endedAtMs = Date.now()
    const { key, model } = this.#facts
    const { inputTokens, outputTokens } = this.#usage
    this.#books.record({ key, model, inputTokens, outputTokens, costMicroUsd: this.#cost() })
  }

  snapshot(): FakeCall {
    return {
      ...this.#facts,
      endedAtMs: this.#endedAtMs,
      end: this.#end,
      usage: this.#usage,
      costMicroUsd: this.#cost(),
      told: this.#told,
    }
  }

  #cost(): number {
    return costMicroUsd(this.#price, this.#usage)
  }
}
