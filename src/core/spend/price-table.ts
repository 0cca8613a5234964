/** The table of prices that a gate works with: the shipped ones, and what was configured over them. */
import type { ModelPrice, PriceTable } from './prices.ts'
import { SHIPPED_PRICES } from './shipped-prices.ts'

/**
 * A price as it is configured, in whole millionths of a dollar (what `readDollars` reads): for a million
 * tokens, and for a request. The same number is the pico-dollars of a token.
 */
export interface ConfiguredPrice {
  /** Absent: 0. */
  readonly input?: number | undefined
  /** Absent: as `input`. */
  readonly cachedInput?: number | undefined
  /** Absent: as `input`. */
  readonly cacheWrite?: number | undefined
  /** Absent: 0. */
  readonly output?: number | undefined
  /** Absent: 0. */
  readonly perRequest?: number | undefined
}

/**
 * The shipped prices with those of `configured`, by model, over them.
 *
 * ```ts
 * priceTable({ 'my-model': { input: 150_000, output: 600_000 } }, null)
 * ```
 */
export function priceTable(
  configured: Readonly<Record<string, ConfiguredPrice>>,
  defaultPrice: ConfiguredPrice | null,
): PriceTable {
  const models = new Map(SHIPPED_PRICES)
  for (const [model, price] of Object.entries(configured)) models.set(model, modelPrice(price))
  return { models, fallback: defaultPrice === null ? null : modelPrice(defaultPrice) }
}

function modelPrice({
  input = 0,
  cachedInput = input,
  cacheWrite = input,
  output = 0,
  perRequest = 0,
}: ConfiguredPrice): ModelPrice {
  return Object.freeze({
    inputPicoUsd: input,
    cachedInputPicoUsd: cachedInput,
    cacheWritePicoUsd: cacheWrite,
    outputPicoUsd: output,
    perRequestMicroUsd: perRequest,
  })
}
