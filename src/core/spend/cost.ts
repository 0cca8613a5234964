/**
 * From tokens to whole micro-dollars. Exact: token counts times whole pico-dollars, rounded up once, at
 * the end, so that a call is never cheaper than its parts.
 */
import type { Amount, TokenUsage } from './amount.ts'
import type { ModelPrice } from './prices.ts'

const PICO_PER_MICRO = 1_000_000n

/**
 * What a call costs, in whole micro-dollars, rounded up.
 *
 * ```ts
 * costMicroUsd(price, { inputTokens: 10, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 5 })
 * ```
 */
export function costMicroUsd(price: ModelPrice, usage: TokenUsage): number {
  const { cachedInputTokens, cacheWriteTokens, outputTokens } = usage
  const plainInput = Math.max(0, usage.inputTokens - cachedInputTokens - cacheWriteTokens)
  const pico =
    BigInt(plainInput) * BigInt(price.inputPicoUsd) +
    BigInt(cachedInputTokens) * BigInt(price.cachedInputPicoUsd) +
    BigInt(cacheWriteTokens) * BigInt(price.cacheWritePicoUsd) +
    BigInt(outputTokens) * BigInt(price.outputPicoUsd)
  const micro = (pico + PICO_PER_MICRO - 1n) / PICO_PER_MICRO
  return atMost(Number(micro) + price.perRequestMicroUsd)
}

/** Counts beyond what is exact are as good as endless: no cap is that large. */
const atMost = (units: number): number => Math.min(units, Number.MAX_SAFE_INTEGER)

/** The most that a call can cost: its input at the dearest way to read it, and all of its output. */
export function worstCase(price: ModelPrice, inputTokens: number, outputTokens: number): Amount {
  const dearest = Math.max(price.inputPicoUsd, price.cachedInputPicoUsd, price.cacheWritePicoUsd)
  const usage = { inputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens }
  return {
    microUsd: costMicroUsd({ ...price, inputPicoUsd: dearest }, usage),
    tokens: atMost(inputTokens + outputTokens),
  }
}
