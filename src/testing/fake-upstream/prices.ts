/**
 * What a call to the local fake would have cost, in whole micro-dollars (1,000,000 = 1 dollar).
 * Prices are integers too: micro-dollars per million tokens, so that no float ever adds up money.
 */
import type { FakeUsage } from './answer.ts'

export interface ModelPrice {
  /** Micro-dollars per million prompt tokens; $0.15 is 150,000. */
  readonly inputMicroUsdPerMillion: number
  /** Of prompt tokens read from a cache; default: as any other. */
  readonly cachedInputMicroUsdPerMillion?: number
  /** Of prompt tokens written to a cache; default: as any other. */
  readonly cacheWriteMicroUsdPerMillion?: number
  /** Micro-dollars per million completion tokens. */
  readonly outputMicroUsdPerMillion: number
  /** Micro-dollars per request, on top; default 0. */
  readonly requestMicroUsd?: number
}

/** Model name to price. The fake serves the models of its table and no others. */
export type PriceTable = Readonly<Record<string, ModelPrice>>

export const DEFAULT_PRICES: PriceTable = Object.freeze({
  'gpt-4o-mini': { inputMicroUsdPerMillion: 150_000, outputMicroUsdPerMillion: 600_000 },
  'gpt-4o': { inputMicroUsdPerMillion: 2_500_000, outputMicroUsdPerMillion: 10_000_000 },
})

/** The price of one call, rounded up to a whole micro-dollar. */
export function costMicroUsd(price: ModelPrice, usage: FakeUsage): number {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens } = usage
  const { inputMicroUsdPerMillion: input } = price
  const perMillion =
    (inputTokens - cachedInputTokens - cacheWriteTokens) * input +
    cachedInputTokens * (price.cachedInputMicroUsdPerMillion ?? input) +
    cacheWriteTokens * (price.cacheWriteMicroUsdPerMillion ?? input) +
    outputTokens * price.outputMicroUsdPerMillion
  return Math.ceil(perMillion / 1_000_000) + (price.requestMicroUsd ?? 0)
}
