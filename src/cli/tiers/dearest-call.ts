/** The most that one call can cost where the models that may be asked for are named. Pure. */
import { worstCase } from '../../core/spend/cost.ts'
import { priceOf } from '../../core/spend/price-of.ts'
import type { ModelPrice, PriceTable } from '../../core/spend/prices.ts'

export interface CallBounds {
  readonly prices: PriceTable
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Whole micro-dollars. `patterns`: names, or how they begin. */
export function dearestCall(patterns: readonly string[], bounds: CallBounds): number {
  const { prices, inputTokens, outputTokens } = bounds
  const costs = patterns
    .flatMap((pattern) => pricesOf(pattern, prices))
    .map((price) => worstCase(price, inputTokens, outputTokens).microUsd)
  return Math.max(0, ...costs)
}

/** Of names that only begin alike: all that are known; where none is, as an unknown name costs. */
function pricesOf(pattern: string, prices: PriceTable): readonly ModelPrice[] {
  if (!pattern.endsWith('*')) return [priceOf(prices, pattern).price]
  const start = pattern.slice(0, -1)
  const known = [...prices.models].filter(([name]) => name.startsWith(start))
  return known.length === 0 ? [priceOf(prices, start).price] : known.map(([, price]) => price)
}
