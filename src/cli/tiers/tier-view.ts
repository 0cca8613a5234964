/** How a tier is shown: a row of a table, or JSON with names that hold still. */
import type { Limit } from '../../core/limits/limit.ts'
import type { Settings } from '../../core/settings.ts'
import type { DollarCaps } from '../../core/spend/caps.ts'
import type { Tier } from '../../core/tier.ts'
import { dollarText, exactDollars } from '../price.ts'
import { DAY_MS, type WorstDay } from './worst-day.ts'

export const TIER_HEAD = [
  ...['TIER', 'LIMITS', 'AT ONCE', 'CAPS', 'MOST REQUESTS A DAY', 'MOST A DAY'],
]

export function tierRow(tier: Tier, worst: WorstDay): string[] {
  const by = worst.cappedBy === null ? '' : ` (${worst.cappedBy})`
  return [
    tier.name,
    tier.limits.map(limitText).join('; ') || 'none',
    String(tier.maxConcurrent ?? 'any'),
    capsText(tier.spend) || 'none',
    Number.isFinite(worst.requests) ? worst.requests.toLocaleString('en-US') : 'unlimited',
    worst.microUsd === null ? 'unlimited' : `${dollarText(worst.microUsd)}${by}`,
  ]
}

/** Caps that keys share, one line each; they stand below the table. */
export function sharedCaps({ tiers, spend }: Pick<Settings, 'tiers' | 'spend'>): string[] {
  const shared: (readonly [whose: string, caps: string])[] = [
    ...[...tiers.values()].map(
      ({ name, spendTogether }) => [`All keys of ${name}`, capsText(spendTogether)] as const,
    ),
    ['Each owner', capsText(spend?.owner)],
    ['The account, everything together', capsText(spend?.account)],
  ]
  return shared.filter(([, caps]) => caps !== '').map(([whose, caps]) => `${whose}: ${caps}.`)
}

function capsText({ perDayMicroUsd, perMonthMicroUsd }: DollarCaps = {}): string {
  return [
    ...(perDayMicroUsd === undefined ? [] : [`${exactDollars(perDayMicroUsd)} a day`]),
    ...(perMonthMicroUsd === undefined ? [] : [`${exactDollars(perMonthMicroUsd)} a month`]),
  ].join(', ')
}

export function tierJson(tier: Tier, worst: WorstDay, spend: Settings['spend']): object {
  const { requests, microUsd, callMicroUsd, callPriceFrom, cappedBy } = worst
  return {
    tier: tier.name,
    limits: tier.limits.map(limitJson),
    max_concurrent: tier.maxConcurrent ?? null,
    max_requests_per_day: Number.isFinite(requests) ? requests : null,
    max_micro_usd_per_day: microUsd === null ? null : Number(microUsd),
    price_micro_usd: callMicroUsd,
    price_from: callPriceFrom,
    capped_by: cappedBy,
    caps: {
      key: capsJson(tier.spend),
      owner: capsJson(spend?.owner),
      tier: capsJson(tier.spendTogether),
      account: capsJson(spend?.account),
    },
    tokens: {
      per_minute: tier.tokens?.perMinute ?? null,
      per_day: tier.tokens?.perDay ?? null,
    },
    max_output_tokens: tier.maxOutputTokens ?? null,
    models: tier.models ?? null,
  }
}

const capsJson = ({ perDayMicroUsd, perMonthMicroUsd }: DollarCaps = {}): object => ({
  per_day_micro_usd: perDayMicroUsd ?? null,
  per_month_micro_usd: perMonthMicroUsd ?? null,
})

function limitJson({ name, quota, windowMs, algorithm, burst }: Limit): object {
  const extra = burst && { extra_quota: burst.extraQuota, duration_ms: burst.durationMs }
  return { name, quota, window_ms: windowMs, algorithm, burst: extra ?? null }
}

function limitText({ name, quota, windowMs, algorithm, burst }: Limit): string {
  const extra = burst ? ` (+${burst.extraQuota} for ${spanText(burst.durationMs)})` : ''
  const how = algorithm === 'sliding-window' ? '' : `, ${algorithm}`
  return `${name}: ${quota} per ${spanText(windowMs)}${extra}${how}`
}

const UNITS: readonly (readonly [unitMs: number, unit: string])[] = [
  [DAY_MS, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
]

function spanText(spanMs: number): string {
  const [unitMs, unit] = UNITS.find(([size]) => spanMs % size === 0) ?? [1, 'ms']
  return `${spanMs / unitMs}${unit}`
}
