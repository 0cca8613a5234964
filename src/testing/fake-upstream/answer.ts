/**
 * What a local fake answers to one call, in the words of no protocol: how much it used, and its bytes as
 * one body or as the events of a stream. Pure; `deliver` decides when they are sent, and how many of them.
 */

/** Tokens as the fake counts them. Cached and written input are part of `inputTokens`. */
export interface FakeUsage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
}

export interface StreamEvent {
  /** One server-sent event, with the empty line that ends it. */
  readonly text: string
  /** How many tokens of the answer it carries; only `text` has any. */
  readonly tokens: number
  /** In this order; `tail` is what comes between the last text and the usage. */
  readonly kind: 'head' | 'text' | 'tail' | 'usage' | 'end'
}

export interface FakeAnswer {
  readonly model: string
  readonly isStream: boolean
  /** The whole call, if it is not cut. */
  readonly usage: FakeUsage
  /** Where it says nothing about usage even when all is well, as OpenAI does in streams by default. */
  readonly isSilent: boolean
  /** As one JSON value. `told` is the usage it speaks of; null: of none. */
  body(told: FakeUsage | null): string
  events(told: FakeUsage | null): Iterable<StreamEvent>
}

/** An event of a stream; `name` is the protocol's, where it has names. */
export function sse(value: object, name?: string): string {
  const first = name === undefined ? '' : `event: ${name}\n`
  return `${first}data: ${JSON.stringify(value)}\n\n`
}

/** Runs of tokens as they share one event. */
export function* inRuns(
  tokens: readonly string[],
  tokensPerEvent: number,
): Generator<{ readonly text: string; readonly tokens: number }> {
  for (let start = 0; start < tokens.length; start += tokensPerEvent) {
    const part = tokens.slice(start, start + tokensPerEvent)
    yield { text: part.join(''), tokens: part.length }
  }
}
