import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TokenUsage } from './amount.ts'
import { costMicroUsd, worstCase } from './cost.ts'
import type { ModelPrice } from './prices.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const pico = fc.integer({ min: 0, max: 1_000_000_000 })
const prices: fc.Arbitrary<ModelPrice> = fc.record({
  inputPicoUsd: pico,
  cachedInputPicoUsd: pico,
  cacheWritePicoUsd: pico,
  outputPicoUsd: pico,
  perRequestMicroUsd: fc.nat(1_000_000),
})
const count = fc.nat(1_000_000)
const usages: fc.Arbitrary<TokenUsage> = fc
  .record({ plain: count, cached: count, written: count, output: count })
  .map(({ plain, cached, written, output }) => ({
    inputTokens: plain + cached + written,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    outputTokens: output,
  }))

/** The exact cost in pico-dollars, of which a micro-dollar has a million. */
function exactPicoUsd(price: ModelPrice, usage: TokenUsage): bigint {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens } = usage
  return [
    [inputTokens - cachedInputTokens - cacheWriteTokens, price.inputPicoUsd],
    [cachedInputTokens, price.cachedInputPicoUsd],
    [cacheWriteTokens, price.cacheWritePicoUsd],
    [outputTokens, price.outputPicoUsd],
    [1, price.perRequestMicroUsd * 1_000_000],
  ]
    .map(([tokens = 0, each = 0]) => BigInt(tokens) * BigInt(each))
    .reduce((sum, part) => sum + part, 0n)
}

const GPT_4O_MINI: ModelPrice = {
  inputPicoUsd: 150_000,
  cachedInputPicoUsd: 75_000,
  cacheWritePicoUsd: 150_000,
  outputPicoUsd: 600_000,
  perRequestMicroUsd: 0,
}
const used = (inputTokens: number, outputTokens: number, cachedInputTokens = 0): TokenUsage => ({
  inputTokens,
  cachedInputTokens,
  cacheWriteTokens: 0,
  outputTokens,
})

describe('what a call costs', () => {
  test('is exact, and rounded up once', () => {
    fc.assert(
      fc.property(prices, usages, (price, usage) => {
        const microUsd = BigInt(costMicroUsd(price, usage))
        const exact = exactPicoUsd(price, usage)
        expect(microUsd * 1_000_000n).toBeGreaterThanOrEqual(exact)
        expect((microUsd - 1n) * 1_000_000n).toBeLessThan(exact === 0n ? 1n : exact)
      }),
      { numRuns: RUNS },
    )
  })

  test('never falls as more is used', () => {
    fc.assert(
      fc.property(prices, usages, usages, (price, usage, more) => {
        const both = {
          inputTokens: usage.inputTokens + more.inputTokens,
          cachedInputTokens: usage.cachedInputTokens + more.cachedInputTokens,
          cacheWriteTokens: usage.cacheWriteTokens + more.cacheWriteTokens,
          outputTokens: usage.outputTokens + more.outputTokens,
        }
        expect(costMicroUsd(price, both)).toBeGreaterThanOrEqual(costMicroUsd(price, usage))
      }),
      { numRuns: RUNS },
    )
  })

  test.each([
    ['a million tokens of each', used(1_000_000, 1_000_000), 750_000],
    ['one token of input, a part of a micro-dollar', used(1, 0), 1],
    ['parts that are whole only together', used(10, 4), 4],
    ['input from a cache', used(1000, 0, 1000), 75],
    ['more from a cache than there was input', used(10, 0, 1000), 75],
    ['nothing', used(0, 0), 0],
  ] as const)('%s', (_, usage, microUsd) => {
    expect(costMicroUsd(GPT_4O_MINI, usage)).toBe(microUsd)
  })

  test('is whole and bounded, however much a client asks for', () => {
    const most = Number.MAX_SAFE_INTEGER
    const price = { ...GPT_4O_MINI, outputPicoUsd: 600_000_000 }
    expect(costMicroUsd(price, used(most, most))).toBe(most)
    expect(worstCase(price, most, most)).toEqual({ microUsd: most, tokens: most })
  })
})

test('the worst case is no less than any way in which so many tokens can be billed', () => {
  fc.assert(
    fc.property(prices, usages, (price, usage) => {
      const worst = worstCase(price, usage.inputTokens, usage.outputTokens)
      expect(worst.microUsd).toBeGreaterThanOrEqual(costMicroUsd(price, usage))
      expect(worst.tokens).toBe(usage.inputTokens + usage.outputTokens)
    }),
    { numRuns: RUNS },
  )
})
