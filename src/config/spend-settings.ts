/** The settings of money: defaults, and what is metered at all. Pure. */
import type { RouteSpend, SpendSettings } from '../core/settings.ts'
import type { DollarCaps, TokenCaps } from '../core/spend/caps.ts'
import { priceTable } from '../core/spend/price-table.ts'
import type { Tier } from '../core/tier.ts'
import type { ReadConfig } from './schema.ts'

const DEFAULT_MAX_OUTPUT_TOKENS = 4096
const DEFAULT_ALERTS_PERCENT = [50, 80, 100]

type ReadSpend = NonNullable<ReadConfig['spend']>
type ReadTier = NonNullable<ReadConfig['tiers']>[string]
type ReadRouteSpend = NonNullable<NonNullable<ReadConfig['routes']>[number]['spend']>

/** null where nothing about money is configured: then nothing is metered. */
export function spendSettings(read: ReadConfig): SpendSettings | null {
  const tiers = Object.values(read.tiers ?? {})
  const isConfigured =
    read.spend !== undefined ||
    tiers.some(namesSpend) ||
    (read.routes ?? []).some(({ spend }) => spend !== undefined)
  if (!isConfigured) return null
  const { prices = {}, defaultPrice, account, owner, maxOutputTokens, alerts } = read.spend ?? {}
  return {
    prices: priceTable(prices, defaultPrice ?? null),
    account: dollarCaps(account),
    owner: dollarCaps(owner),
    defaultMaxOutputTokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    alerts: {
      atPercent: [...new Set(alerts?.at ?? DEFAULT_ALERTS_PERCENT)].sort((a, b) => a - b),
      mailTo: alerts?.mailTo ?? null,
      webhook: alerts?.webhook === undefined ? null : { ...alerts.webhook },
    },
  }
}

const namesSpend = ({ spend, tokens, maxOutputTokens, models }: ReadTier): boolean =>
  [spend, tokens, maxOutputTokens, models].some((member) => member !== undefined)

/** What a tier says about money, without what it leaves out. */
export function tierSpendSettings(read: ReadTier): Omit<Tier, 'name' | 'limits'> {
  const { spend, tokens, maxOutputTokens, models } = read
  return {
    ...(spend === undefined ? {} : { spend: dollarCaps(spend) }),
    ...(spend?.together === undefined ? {} : { spendTogether: dollarCaps(spend.together) }),
    ...(tokens === undefined ? {} : { tokens: tokenCaps(tokens) }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(models === undefined ? {} : { models: [...models] }),
  }
}

/** What a route costs; `perRequest` comes from the default price where the route names none. */
export function routeSpendSettings(
  { header, jsonPath, unit, perRequest }: ReadRouteSpend,
  all: ReadSpend | undefined,
): RouteSpend {
  return {
    perRequestMicroUsd: perRequest ?? all?.defaultPrice?.perRequest ?? 0,
    ...(header === undefined ? {} : { header: header.toLowerCase() }),
    ...(jsonPath === undefined ? {} : { jsonPath: jsonPath.split('.') }),
    ...(unit === undefined ? {} : { unit }),
  }
}

/** Without an amount that is held before the call, calls side by side would pass every cap. */
export function unheldRoutes(read: ReadConfig): string[] {
  const byDefault = read.spend?.defaultPrice?.perRequest
  const unheld = (read.routes ?? []).flatMap(({ spend }, index) => {
    const isSaid = spend?.header !== undefined || spend?.jsonPath !== undefined
    return isSaid && (spend?.perRequest ?? byDefault) === undefined ? [index] : []
  })
  return unheld.map(
    (index) =>
      `routes[${index}].spend.perRequest is missing: it must be the most that a call costs, which is held until the answer says what it did`,
  )
}

function dollarCaps(read: ReadSpend['account'] | undefined): DollarCaps {
  return {
    ...(read?.perDay === undefined ? {} : { perDayMicroUsd: read.perDay }),
    ...(read?.perMonth === undefined ? {} : { perMonthMicroUsd: read.perMonth }),
  }
}

const tokenCaps = ({ perMinute, perDay }: NonNullable<ReadTier['tokens']>): TokenCaps => ({
  ...(perMinute === undefined ? {} : { perMinute }),
  ...(perDay === undefined ? {} : { perDay }),
})
