/**
 * A gate whose money is scripted: keys and limits are real, every model costs 1 micro-dollar for each
 * token of input and 10 for each of output, and what is held and settled is written down.
 */
import type { Decision, Reservation } from '../../src/core/decision.ts'
import type { SpendSettings } from '../../src/core/settings.ts'
import type { Amount, TokenUsage } from '../../src/core/spend/amount.ts'
import type { ModelPrice } from '../../src/core/spend/prices.ts'
import type { CheckRequest, Gate, SpendDesk, SpendIntent } from '../../src/engine/gate.ts'

export const PRICE: ModelPrice = Object.freeze({
  inputPicoUsd: 1_000_000,
  cachedInputPicoUsd: 500_000,
  cacheWritePicoUsd: 1_000_000,
  outputPicoUsd: 10_000_000,
  perRequestMicroUsd: 0,
})

export interface Held {
  readonly intent: SpendIntent
  amount: Amount
  /** Every settlement, of which there must be one. */
  readonly settled: { readonly amount: Amount; readonly usage: TokenUsage }[]
}

export interface ScriptedDesk {
  readonly wrap: (gate: Gate) => Gate
  readonly held: Held[]
  /** Micro-dollars that may be held at once. */
  quota: number
  isClamped: boolean
  maxOutputTokens: number
  models: readonly string[] | undefined
  /** Waited for by every extension. */
  extending: Promise<void> | undefined
  /** How many were asked for. */
  checks: number
  /** Waited for by every check. */
  checking: Promise<void> | undefined
}

export function scriptedDesk(fallback: ModelPrice | null = null): ScriptedDesk {
  const settings: SpendSettings = {
    ...{ prices: { models: new Map(), fallback }, account: {}, owner: {} },
    ...{ defaultMaxOutputTokens: 4096, alerts: { atPercent: [], mailTo: null, webhook: null } },
  }
  const desk: ScriptedDesk = {
    ...{ held: [], quota: Number.MAX_SAFE_INTEGER, isClamped: false, maxOutputTokens: 100 },
    ...{ models: undefined, extending: undefined, checking: undefined, checks: 0 },
    wrap: (gate) => ({
      ...gate,
      spend: spendDesk(desk, settings),
      recognise: async (request) => {
        const decision = await gate.check(request)
        return decision.allowed ? decision.identity : decision
      },
      check: (request) => check(desk, gate, request),
    }),
  }
  return desk
}

function spendDesk(desk: ScriptedDesk, settings: SpendSettings): SpendDesk {
  const unused = (): never => {
    throw new Error('not asked by the gateway')
  }
  return {
    settings,
    policyOf: () => ({
      maxOutputTokens: desk.maxOutputTokens,
      isClamped: desk.isClamped,
      allowsModel: (model) => desk.models?.includes(model) ?? true,
    }),
    priceOf: () => ({ price: PRICE, source: 'configured' }),
    ...{ reserve: unused, report: unused, caps: unused, setCaps: unused, reset: unused },
  }
}

async function check(desk: ScriptedDesk, gate: Gate, request: CheckRequest): Promise<Decision> {
  desk.checks++
  await desk.checking
  const { spend, ...rest } = request
  const decision = await gate.check(rest)
  if (!decision.allowed || spend === undefined) return decision
  const sum = desk.held.reduce((all, { amount }) => all + amount.microUsd, 0)
  if (sum + spend.amount.microUsd > desk.quota) {
    const { limits } = decision
    const retryAfterSeconds = 60
    return {
      allowed: false,
      code: 'spend_exceeded',
      limitName: 'spend_day',
      retryAfterSeconds,
      limits,
    }
  }
  return { ...decision, reservation: reserve(desk, spend) }
}

function reserve(desk: ScriptedDesk, intent: SpendIntent): Reservation {
  const held: Held = { intent, amount: intent.amount, settled: [] }
  desk.held.push(held)
  return {
    id: `r${desk.held.length}`,
    get held() {
      return held.amount
    },
    async extend(more) {
      await desk.extending
      if (held.amount.microUsd + more.microUsd > desk.quota) return false
      held.amount = {
        microUsd: held.amount.microUsd + more.microUsd,
        tokens: held.amount.tokens + more.tokens,
      }
      return true
    },
    settle: (amount, usage) => void held.settled.push({ amount, usage }),
    abandon: () => {},
  }
}
