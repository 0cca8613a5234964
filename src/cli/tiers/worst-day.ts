/**
 * The most that one key of a tier can cost in any 24 hours: what its limits admit times what a call can
 * cost, and never more than the smallest cap that holds for it. Pure.
 */
import { worstCaseAdmissions } from '../../core/limits/worst-case.ts'
import type { Settings, SpendSettings } from '../../core/settings.ts'
import type { DollarCaps } from '../../core/spend/caps.ts'
import type { Tier } from '../../core/tier.ts'
import { dearestCall } from './dearest-call.ts'

export const DAY_MS = 86_400_000

/** What a call of a small chat model cost on average in the leak that the README tells of. */
export const USUAL_CALL_MICRO_USD = 6_600

export interface WorstDay {
  /** Infinity where nothing limits them. */
  readonly requests: number
  readonly callMicroUsd: number
  /** `named`: by --price. `models`: by the prices of the models that the tier allows. */
  readonly callPriceFrom: 'named' | 'models' | 'default'
  /** null: neither a limit nor a cap bounds it. */
  readonly microUsd: bigint | null
  /** The cap that is reached first; null where the limits are. */
  readonly cappedBy: string | null
}

/** `namedMicroUsd`: what a call costs, where the operator says so. */
export function worstDay(
  tier: Tier,
  settings: Pick<Settings, 'spend' | 'gateway'>,
  namedMicroUsd: number | undefined,
): WorstDay {
  const requests = worstCaseAdmissions(tier.limits, DAY_MS)
  const { callMicroUsd, callPriceFrom } = callOf(tier, settings, namedMicroUsd)
  const byLimits = Number.isFinite(requests) ? BigInt(requests) * BigInt(callMicroUsd) : null
  const cap = smallestCap(tier, settings.spend)
  const isCapped = cap !== undefined && (byLimits === null || cap.microUsd < byLimits)
  return {
    ...{ requests, callMicroUsd, callPriceFrom },
    microUsd: isCapped ? cap.microUsd : byLimits,
    cappedBy: isCapped ? cap.name : null,
  }
}

type Call = Pick<WorstDay, 'callMicroUsd' | 'callPriceFrom'>

function callOf(
  tier: Tier,
  { spend, gateway }: Pick<Settings, 'spend' | 'gateway'>,
  namedMicroUsd: number | undefined,
): Call {
  if (namedMicroUsd !== undefined) return { callMicroUsd: namedMicroUsd, callPriceFrom: 'named' }
  if (spend !== null && tier.models !== undefined) {
    const callMicroUsd = dearestCall(tier.models, {
      prices: spend.prices,
      inputTokens: gateway.maxBodyBytes,
      outputTokens: tier.maxOutputTokens ?? spend.defaultMaxOutputTokens,
    })
    return { callMicroUsd, callPriceFrom: 'models' }
  }
  const byDefault = spend?.prices.fallback?.perRequestMicroUsd
  return { callMicroUsd: byDefault || USUAL_CALL_MICRO_USD, callPriceFrom: 'default' }
}

interface NamedCap {
  readonly name: string
  readonly microUsd: bigint
}

/** Every cap that one key can run into. A span of 24 hours can lie in two months. */
function smallestCap(tier: Tier, spend: SpendSettings | null): NamedCap | undefined {
  const caps = [
    ...capsOf('', tier.spend),
    ...capsOf('owner_', spend?.owner),
    ...capsOf('tier_', tier.spendTogether),
    ...capsOf('account_', spend?.account),
  ]
  return caps.toSorted((a, b) => Number(a.microUsd - b.microUsd))[0]
}

function capsOf(prefix: string, caps: DollarCaps = {}): NamedCap[] {
  const { perDayMicroUsd, perMonthMicroUsd } = caps
  return [
    ...(perDayMicroUsd === undefined
      ? []
      : [{ name: `${prefix}spend_day`, microUsd: BigInt(perDayMicroUsd) }]),
    ...(perMonthMicroUsd === undefined
      ? []
      : [{ name: `${prefix}spend_month`, microUsd: 2n * BigInt(perMonthMicroUsd) }]),
  ]
}
