/** What a call costs, in both units that caps count: whole micro-dollars and tokens. Never floats. */

export interface Amount {
  /** Whole micro-dollars (1,000,000 are a dollar), at least 0. */
  readonly microUsd: number
  /** Input and output tokens together, at least 0. */
  readonly tokens: number
}

export const NO_AMOUNT: Amount = Object.freeze({ microUsd: 0, tokens: 0 })

/** What an API said that a call used; cached and written input are part of `inputTokens`. */
export interface TokenUsage {
  /** All input, whether read from a cache, written to one, or neither. */
  readonly inputTokens: number
  /** Of `inputTokens`, those read from a cache. */
  readonly cachedInputTokens: number
  /** Of `inputTokens`, those written to a cache (Anthropic). */
  readonly cacheWriteTokens: number
  /** Reasoning included. */
  readonly outputTokens: number
}

export const NO_USAGE: TokenUsage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
})
