/** `lockgate tiers`: what each tier lets through, and what one key can therefore cost in a day. */
import type { Command } from 'commander'
import type { Limit } from '../../core/limits/limit.ts'
import { worstCaseAdmissions } from '../../core/limits/worst-case.ts'
import type { Tier } from '../../core/tier.ts'
import { CONFIG_OPTION, type ConfigOption, loadFor } from '../open.ts'
import { say, sayJson, table } from '../output.ts'
import { dollarText, readPriceMicroUsd } from '../price.ts'

const DAY_MS = 86_400_000
/** What a call of a small chat model cost on average in the leak that the README tells of. */
const DEFAULT_PRICE = '0.0066'

interface TiersOptions extends ConfigOption {
  readonly price: string
  readonly json?: true
}

export function addTiers(program: Command): void {
  program
    .command('tiers')
    .description('show each tier, and the most that one key of it can cost per day')
    .option('--price <dollars>', 'what one request costs you; the estimate uses it', DEFAULT_PRICE)
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(showTiers)
}

async function showTiers(options: TiersOptions): Promise<void> {
  const price = readPriceMicroUsd(options.price)
  const { settings } = await loadFor(options)
  const tiers = [...settings.tiers.values()]
  if (options.json === true) return sayJson(tiers.map((tier) => tierJson(tier, price)))
  const rows = tiers.map((tier) => tierRow(tier, price))
  await say(table(['TIER', 'LIMITS', 'AT ONCE', 'MOST REQUESTS A DAY', 'MOST A DAY'], rows))
  await say(
    `\nPer key, in any 24 hours. Dollars are an estimate at ${dollarText(price)} a request; set your own with --price.`,
  )
}

function tierJson(tier: Tier, priceMicroUsd: bigint): object {
  const requests = worstCaseAdmissions(tier.limits, DAY_MS)
  const bounded = Number.isFinite(requests)
  return {
    tier: tier.name,
    limits: tier.limits.map(limitJson),
    max_concurrent: tier.maxConcurrent ?? null,
    max_requests_per_day: bounded ? requests : null,
    max_micro_usd_per_day: bounded ? Number(BigInt(requests) * priceMicroUsd) : null,
    price_micro_usd: Number(priceMicroUsd),
  }
}

function limitJson({ name, quota, windowMs, algorithm, burst }: Limit): object {
  const extra = burst && { extra_quota: burst.extraQuota, duration_ms: burst.durationMs }
  return { name, quota, window_ms: windowMs, algorithm, burst: extra ?? null }
}

function tierRow(tier: Tier, priceMicroUsd: bigint): string[] {
  const requests = worstCaseAdmissions(tier.limits, DAY_MS)
  const bounded = Number.isFinite(requests)
  return [
    tier.name,
    tier.limits.map(limitText).join('; ') || 'none',
    String(tier.maxConcurrent ?? 'any'),
    bounded ? requests.toLocaleString('en-US') : 'unlimited',
    bounded ? dollarText(BigInt(requests) * priceMicroUsd) : 'unlimited',
  ]
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
