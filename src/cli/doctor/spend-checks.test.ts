import { expect, test } from 'vitest'
import { type LockgateConfig, resolveSettings } from '../../config/index.ts'
import { SHIPPED_PRICES_DATE } from '../../core/spend/shipped-prices.ts'
import { spendFindings } from './spend-checks.ts'

const SHIPPED_MS = Date.parse(`${SHIPPED_PRICES_DATE}-15`)
const warningsOf = (config: LockgateConfig, nowMs = SHIPPED_MS): string[] =>
  spendFindings(resolveSettings(config, {}), nowMs)
    .filter(({ status }) => status === 'warn')
    .map(({ check }) => check)

const ACCOUNT = { account: { perDay: '$20' }, alerts: { mailTo: 'ops@example.com' } }

test('what lets money go unseen is warned of, and only that', () => {
  expect(warningsOf({})).toEqual(['spend'])
  expect(warningsOf({ spend: {} })).toEqual(['spend', 'spend_alerts'])
  expect(warningsOf({ spend: { ...ACCOUNT, alerts: { at: [] } } })).toEqual(['spend_alerts'])
  expect(warningsOf({ spend: ACCOUNT })).toEqual([])
})

test('prices older than a year', () => {
  expect(warningsOf({ spend: ACCOUNT }, SHIPPED_MS + 300 * 86_400_000)).toEqual([])
  expect(warningsOf({ spend: ACCOUNT }, SHIPPED_MS + 420 * 86_400_000)).toEqual(['prices'])
})

test('models that may be asked for and have no price', () => {
  const allowing = (models: string[], spend = {}) =>
    warningsOf({ spend: { ...ACCOUNT, ...spend }, tiers: { free: { limits: [], models } } })
  expect(allowing(['gpt-4o-mini', 'gpt-4o*'])).toEqual([])
  expect(allowing(['gtp-4o'])).toEqual(['models'])
  expect(allowing(['acme-*'])).toEqual(['models'])
  expect(allowing(['acme-*'], { defaultPrice: { perRequest: 1 } })).toEqual([])
})
