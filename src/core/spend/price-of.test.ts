import { describe, expect, test } from 'vitest'
import { readDollars } from './dollars.ts'
import { priceOf } from './price-of.ts'
import { priceTable } from './price-table.ts'
import { SHIPPED_PRICES, SHIPPED_PRICES_DATE } from './shipped-prices.ts'

const shipped = priceTable({}, null)
const outputOf = (model: string | null, table = shipped): readonly [string, number] => {
  const { source, price } = priceOf(table, model)
  return [source, price.outputPicoUsd]
}

describe('a model is found', () => {
  test.each([
    ['gpt-4o-mini', 600_000],
    ['gpt-4o-mini-2024-07-18', 600_000],
    ['gpt-4o-2024-08-06', 10_000_000],
    ['gpt-4o-2024-05-13', 15_000_000],
    ['gpt-5.1-2025-11-13', 10_000_000],
    ['gpt-5-chat-latest', 10_000_000],
    ['chatgpt-4o-latest', 15_000_000],
    ['gpt-4-0613', 60_000_000],
    ['gpt-3.5-turbo-0125', 1_500_000],
    ['gpt-3.5-turbo-0613', 2_000_000],
    ['claude-sonnet-4-5-20250929', 15_000_000],
    ['claude-sonnet-4-5@20250929', 15_000_000],
    ['claude-opus-4-20250514', 75_000_000],
    ['claude-opus-4-5-20251101', 25_000_000],
    ['claude-3-5-haiku-latest', 4_000_000],
  ])('%s', (model, outputPicoUsd) => {
    expect(outputOf(model)).toEqual(['table', outputPicoUsd])
  })
})

test.each([
  'gpt-4o-audio-preview',
  'gpt-4o-mini-realtime-preview-2024-12-17',
  'gpt-4-1-pro',
  'o3-deep-research',
  'gpt-4o-4096',
  'claude-opus-4-9',
  'ft:gpt-4o-mini-2024-07-18:acme::1',
  'GPT-4O-MINI',
  'gpt-4o-mini ',
  '-latest',
  '',
  `gpt-4o${'-2024-08-06'.repeat(50)}`,
  '__proto__',
  null,
])('a model that only begins like a cheap one is as dear as the dearest: %s', (model) => {
  expect(priceOf(shipped, model)).toEqual({
    source: 'dearest',
    price: {
      inputPicoUsd: 150_000_000,
      cachedInputPicoUsd: 150_000_000,
      cacheWritePicoUsd: 150_000_000,
      outputPicoUsd: 600_000_000,
      perRequestMicroUsd: 0,
    },
  })
})

describe('what is configured', () => {
  const configured = priceTable(
    {
      'gpt-4o-mini': { input: 1, output: 2 },
      'gpt-4o-2024-08-06': { input: 3, output: 4 },
      local: { perRequest: 900 },
      dear: { input: 1_000_000_000, cachedInput: 7, cacheWrite: 8, output: 5 },
    },
    null,
  )

  test('goes over the table, by its name and by the dates of that name', () => {
    expect(outputOf('gpt-4o-mini', configured)).toEqual(['configured', 2])
    expect(outputOf('gpt-4o-mini-2024-07-18', configured)).toEqual(['configured', 2])
    expect(outputOf('gpt-4o-2024-08-06', configured)).toEqual(['configured', 4])
    expect(outputOf('gpt-4o-2024-11-20', configured)).toEqual(['table', 10_000_000])
    expect(outputOf('gpt-5', configured)).toEqual(['table', 10_000_000])
  })

  test('bills cached input as input where nothing else is said', () => {
    expect(priceOf(configured, 'gpt-4o-mini').price).toMatchObject({
      cachedInputPicoUsd: 1,
      cacheWritePicoUsd: 1,
    })
    expect(priceOf(configured, 'dear').price).toMatchObject({
      cachedInputPicoUsd: 7,
      cacheWritePicoUsd: 8,
    })
  })

  test('counts for the dearest, each kind for itself', () => {
    expect(priceOf(configured, 'unknown').price).toMatchObject({
      inputPicoUsd: 1_000_000_000,
      outputPicoUsd: 600_000_000,
      perRequestMicroUsd: 900,
    })
  })

  test('as the default is the price of every model that is not known, and of none', () => {
    const table = priceTable({}, { perRequest: 6600 })
    for (const model of ['unknown', 'gpt-4o-audio-preview', null]) {
      const { source, price } = priceOf(table, model)
      expect([source, price.outputPicoUsd, price.perRequestMicroUsd]).toEqual(['default', 0, 6600])
    }
    expect(outputOf('gpt-4o', table)).toEqual(['table', 10_000_000])
  })
})

test('every shipped price is whole, the exact one, and tells of when it is', () => {
  expect(SHIPPED_PRICES.size).toBeGreaterThan(50)
  expect(SHIPPED_PRICES_DATE).toMatch(/^20\d\d-\d\d$/)
  for (const [model, price] of SHIPPED_PRICES) {
    for (const picoUsd of Object.values(price)) {
      expect(Number.isSafeInteger(picoUsd), model).toBe(true)
      expect(readDollars(picoUsd / 1_000_000), model).toBe(picoUsd)
    }
    expect(price.inputPicoUsd, model).toBeGreaterThan(0)
    expect(price.cachedInputPicoUsd, model).toBeLessThanOrEqual(price.inputPicoUsd)
    expect(price.cacheWritePicoUsd, model).toBeGreaterThanOrEqual(price.inputPicoUsd)
  }
  expect(SHIPPED_PRICES.get('gpt-5-nano')).toEqual({
    inputPicoUsd: 50_000,
    cachedInputPicoUsd: 5000,
    cacheWritePicoUsd: 50_000,
    outputPicoUsd: 400_000,
    perRequestMicroUsd: 0,
  })
})
