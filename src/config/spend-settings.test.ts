import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { resolveSettings } from './resolve-settings.ts'

const SECRET = `whsec_${'A'.repeat(32)}`
const tier = (part: object) => ({ tiers: { free: { limits: [], ...part } } })
const route = (spend: object) => ({ routes: [{ path: '/v1', spend }] })
const webhook = (part: object) => ({
  spend: { alerts: { webhook: { url: 'https://h.example/x', secret: SECRET, ...part } } },
})

function messageOf(config: unknown): string {
  try {
    resolveSettings(config, {})
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

describe('metering is on where anything about money is configured, and only there', () => {
  test.each([
    { spend: {} },
    tier({ spend: { perDay: 1 } }),
    tier({ tokens: { perDay: 1 } }),
    tier({ maxOutputTokens: 1 }),
    tier({ models: ['m'] }),
    route({ perRequest: 0 }),
  ])('on: %o', (config) => {
    expect(resolveSettings(config, {}).spend).not.toBeNull()
  })

  test.each([{}, tier({}), { routes: [{ path: '/v1' }] }])('off: %o', (config) => {
    expect(resolveSettings(config, {}).spend).toBeNull()
  })
})

test('what is left out keeps its default', () => {
  expect(resolveSettings({ spend: {} }, {}).spend).toMatchObject({
    prices: { fallback: null },
    ...{ account: {}, owner: {}, defaultMaxOutputTokens: 4096 },
    alerts: { atPercent: [50, 80, 100], mailTo: null, webhook: null },
  })
})

test('dollars become whole micro-dollars, prices per million whole pico-dollars a token', () => {
  const prices = {
    plain: { input: 0.15, output: '$0.6' },
    full: { input: 3, cachedInput: 0.3, cacheWrite: 3.75, output: 15, perRequest: 0.000001 },
  }
  const account = { perDay: '$0.004', perMonth: 300 }
  const { spend } = resolveSettings(
    { spend: { prices, account, owner: { perDay: '$5' }, defaultPrice: { perRequest: 0.0066 } } },
    {},
  )
  expect(spend?.prices.models.get('plain')).toEqual({
    ...{ inputPicoUsd: 150_000, cachedInputPicoUsd: 150_000, cacheWritePicoUsd: 150_000 },
    ...{ outputPicoUsd: 600_000, perRequestMicroUsd: 0 },
  })
  expect(spend?.prices.models.get('full')).toEqual({
    ...{ inputPicoUsd: 3_000_000, cachedInputPicoUsd: 300_000, cacheWritePicoUsd: 3_750_000 },
    ...{ outputPicoUsd: 15_000_000, perRequestMicroUsd: 1 },
  })
  expect(spend?.prices.fallback).toMatchObject({ perRequestMicroUsd: 6_600, inputPicoUsd: 0 })
  expect(spend?.account).toEqual({ perDayMicroUsd: 4_000, perMonthMicroUsd: 300_000_000 })
  expect(spend?.owner).toEqual({ perDayMicroUsd: 5_000_000 })
})

test('what a tier says about money', () => {
  const { tiers } = resolveSettings(
    tier({
      spend: { perDay: '$1', perMonth: '$10', together: { perDay: '$50' } },
      tokens: { perMinute: 20_000 },
      maxOutputTokens: 1024,
      models: ['gpt-4o-mini', 'claude-*', '*'],
    }),
    {},
  )
  expect(tiers.get('free')).toEqual({
    ...{ name: 'free', limits: [], maxOutputTokens: 1024 },
    spend: { perDayMicroUsd: 1_000_000, perMonthMicroUsd: 10_000_000 },
    spendTogether: { perDayMicroUsd: 50_000_000 },
    tokens: { perMinute: 20_000 },
    models: ['gpt-4o-mini', 'claude-*', '*'],
  })
})

test('what a route costs', () => {
  const spendOf = (spend: object, more = {}) =>
    resolveSettings({ ...route(spend), ...more }, {}).gateway.routes[0]?.spend
  expect(spendOf({ perRequest: '$0.01' })).toEqual({ perRequestMicroUsd: 10_000 })
  expect(spendOf({ perRequest: 1, header: 'X-Cost', unit: 'micro_usd' })).toEqual({
    ...{ perRequestMicroUsd: 1_000_000, header: 'x-cost', unit: 'micro_usd' },
  })
  const byDefault = { spend: { defaultPrice: { perRequest: 0.5 } } }
  expect(spendOf({ jsonPath: 'usage.cost' }, byDefault)).toEqual({
    ...{ perRequestMicroUsd: 500_000, jsonPath: ['usage', 'cost'] },
  })
})

test('alerts: percents ascending and once, a webhook of this machine without TLS', () => {
  const url = 'http://127.0.0.1:9/x'
  const alerts = { at: [100, 50, 50], webhook: { url, secret: SECRET } }
  expect(resolveSettings({ spend: { alerts } }, {}).spend?.alerts).toEqual({
    ...{ atPercent: [50, 100], mailTo: null, webhook: { url, secret: SECRET } },
  })
})

describe('what cannot be is refused by path', () => {
  const rule = 'must be dollars with at most six decimals, such as "$20" or 0.004'
  test.each([
    [{ spend: { account: { perDay: '$0.0000001' } } }, `spend.account.perDay ${rule}, not "$0.0`],
    [{ spend: { account: { perDay: -1 } } }, `spend.account.perDay ${rule}, not -1`],
    [{ spend: { owner: { perMonth: '5 euros' } } }, `spend.owner.perMonth ${rule}`],
    [
      { spend: { prices: { m: { input: 1 } } } },
      `spend.prices.m.output is missing; it ${rule.slice(0, 15)}`,
    ],
    [
      { spend: { prices: { 'm*': { input: 1, output: 1 } } } },
      'spend.prices["m*"] must be the name',
    ],
    [
      { spend: { defaultPrice: {} } },
      'spend.defaultPrice must name perRequest, or input and output',
    ],
    [{ spend: { defaultPrice: { input: 1 } } }, 'spend.defaultPrice.output is missing: input and'],
    [{ spend: { alerts: { at: [0] } } }, 'spend.alerts.at[0] must be a whole number from 1 to 100'],
    [{ spend: { alerts: { mailTo: 'me' } } }, 'spend.alerts.mailTo must be one e-mail address'],
    [{ spend: { maxOutputTokens: 0 } }, 'spend.maxOutputTokens must be a whole number from 1'],
    [tier({ tokens: { perDay: 0.5 } }), 'tiers.free.tokens.perDay must be a whole number from 0'],
    [tier({ models: [] }), 'tiers.free.models must name a model'],
    [tier({ models: ['a*b'] }), 'tiers.free.models[0] must be the name of a model'],
    [
      tier({ spend: { together: { perDya: 1 } } }),
      'together.perDya is not a known member; did you',
    ],
    [route({}), 'routes[0].spend must name perRequest, header or jsonPath'],
    [
      route({ perRequest: 1, header: 'x', jsonPath: 'a' }),
      'routes[0].spend.jsonPath must not stand beside header',
    ],
    [route({ perRequest: 1, unit: 'usd' }), 'routes[0].spend.unit must stand beside'],
    [route({ perRequest: 1, jsonPath: 'a..b' }), 'routes[0].spend.jsonPath must be members from'],
    [route({ header: 'x' }), 'routes[0].spend.perRequest is missing: it must be the most'],
  ])('%o', (config, expected) => {
    expect(messageOf(config)).toContain(expected)
  })

  test.each([
    [{ url: 'http://h.example/sesame' }, 'webhook.url must be an https:// URL'],
    [{ url: 'https://u:sesame@h.example' }, 'webhook.url must be an https:// URL'],
    [{ url: undefined }, 'webhook.url must be an https:// URL'],
    [{ secret: 'sesame' }, 'webhook.secret must be "whsec_" and 24 to 64 random bytes'],
    [{ secret: `whsec_sesame${'A'.repeat(12)}` }, 'webhook.secret must be "whsec_"'],
    [{ secret: undefined }, 'webhook.secret must be "whsec_"'],
  ])('the webhook %o, which is not repeated', (part, expected) => {
    const message = messageOf(webhook(part))
    expect(message).toContain(expected)
    expect(message).not.toContain('sesame')
  })
})
