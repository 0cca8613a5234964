/** What a logged call cost, as far as the log tells. Pure. */
import { type Amount, NO_AMOUNT } from '../../core/spend/amount.ts'
import { costMicroUsd } from '../../core/spend/cost.ts'
import { priceOf } from '../../core/spend/price-of.ts'
import type { PriceTable } from '../../core/spend/prices.ts'
import type { LogEntry } from './log-entry.ts'

export interface CallPrices {
  readonly prices: PriceTable
  /** Of a call whose model or tokens the log does not tell. */
  readonly callMicroUsd: number
}

/** Errors are not billed, and asking for the models is free. */
export function callCost(entry: LogEntry, { prices, callMicroUsd }: CallPrices): Amount {
  const { method, path, status, model, inputTokens, outputTokens } = entry
  if (status !== undefined && status >= 400) return NO_AMOUNT
  if (method === 'HEAD' || method === 'OPTIONS') return NO_AMOUNT
  if (method === 'GET' && /\/models(\/|\?|$)/.test(path ?? '')) return NO_AMOUNT
  if (inputTokens === undefined && outputTokens === undefined) {
    return { microUsd: callMicroUsd, tokens: 0 }
  }
  const usage = {
    ...{ inputTokens: inputTokens ?? 0, cachedInputTokens: 0, cacheWriteTokens: 0 },
    outputTokens: outputTokens ?? 0,
  }
  const tokens = usage.inputTokens + usage.outputTokens
  if (model === undefined) return { microUsd: callMicroUsd, tokens }
  return { microUsd: costMicroUsd(priceOf(prices, model).price, usage), tokens }
}
