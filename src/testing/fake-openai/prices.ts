/**
 * What a call to the local fake would have cost, in whole micro-dollars (1,000,000 = 1 dollar).
 * Prices are integers too: micro-dollars per million tokens, so that no float ever adds up money.
 */

export interface ModelPrice {
  /** Micro-dollars per million prompt tokens; $0.15 is 150,000. */
  readonly inputMicroUsdPerMillion: number
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
export function costMicroUsd(price: ModelPrice, inputTokens: number, outputTokens: number): number {
  const tokens =
    inputTokens * price.inputMicroUsdPerMillion + outputTokens * price.outputMicroUsdPerMillion
  return Math.ceil(tokens / 1_000_000) + (price.requestMicroUsd ?? 0)
}
