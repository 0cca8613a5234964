/** Prices of models as they are used: whole pico-dollars (1e-12 dollars) a token, so that nothing is rounded. */

/** Dollars per million tokens are millions of pico-dollars per token: $0.15 per million is 150,000. */
export interface ModelPrice {
  readonly inputPicoUsd: number
  /** Of input that was read from a cache. */
  readonly cachedInputPicoUsd: number
  /** Of input that was written to a cache. */
  readonly cacheWritePicoUsd: number
  readonly outputPicoUsd: number
  /** Whole micro-dollars for each request, beside its tokens. */
  readonly perRequestMicroUsd: number
}

/** Where the price of a call came from. */
export type PriceSource = 'table' | 'configured' | 'default' | 'dearest'

/** By exact model name, and by the name that a dated one (`gpt-4o-2024-08-06`) begins with. */
export interface PriceTable {
  readonly models: ReadonlyMap<string, ModelPrice>
  /** For calls whose model has no price, or that name none. null: the dearest of the table. */
  readonly fallback: ModelPrice | null
}
