/**
 * The price of a model. A name that is not in the table is looked for without its date or `-latest`;
 * what begins like a known name in any other way is another model, and may be a dearer one.
 */
import type { ModelPrice, PriceSource, PriceTable } from './prices.ts'
import { SHIPPED_PRICES } from './shipped-prices.ts'

export interface FoundPrice {
  readonly price: ModelPrice
  readonly source: PriceSource
}

/** `-2024-08-06`, `-20250929`, `@20250929`, `-0613`, `-latest`. */
const DATE = /(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8})|-(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|-latest)$/
/** Names come from clients; no model has a longer one. */
const MAX_NAME_LENGTH = 256

/** null: the call names no model. Never free by accident: what nobody knows costs as the dearest. */
export function priceOf(table: PriceTable, model: string | null): FoundPrice {
  const known = model === null ? undefined : find(table, model)
  if (known !== undefined) return known
  if (table.fallback !== null) return { price: table.fallback, source: 'default' }
  return { price: dearestOf([...table.models.values()]), source: 'dearest' }
}

function find({ models }: PriceTable, model: string): FoundPrice | undefined {
  if (model.length > MAX_NAME_LENGTH) return undefined
  for (const name of [model, model.replace(DATE, '')]) {
    const price = models.get(name)
    if (price === undefined) continue
    return { price, source: SHIPPED_PRICES.get(name) === price ? 'table' : 'configured' }
  }
  return undefined
}

/** The dearest of each kind, whichever model it is of. */
function dearestOf(prices: readonly ModelPrice[]): ModelPrice {
  const dearest = (member: keyof ModelPrice): number =>
    prices.reduce((most, price) => Math.max(most, price[member]), 0)
  return {
    inputPicoUsd: dearest('inputPicoUsd'),
    cachedInputPicoUsd: dearest('cachedInputPicoUsd'),
    cacheWritePicoUsd: dearest('cacheWritePicoUsd'),
    outputPicoUsd: dearest('outputPicoUsd'),
    perRequestMicroUsd: dearest('perRequestMicroUsd'),
  }
}
