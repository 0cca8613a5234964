/** Reservations, settlements and scopes of the store contract. */
import assert from 'node:assert/strict'
import type { AuditEntry } from '../../core/audit.ts'
import type { SpendReservation, SpendSettlement } from '../../core/ports/ledger.ts'
import type { Store } from '../../core/ports/store.ts'
import { type Amount, NO_USAGE, type TokenUsage } from '../../core/spend/amount.ts'
import type { SpendScope } from '../../core/spend/caps.ts'
import { insert, sampleEntry } from './samples.ts'

export const MINUTE_MS = 60_000
/** A whole minute, early in a day and in the middle of a month: 2025-06-15 00:10 UTC. */
export const CALL_MS = Date.UTC(2025, 5, 15, 0, 10)
export const MONTH_START_MS = Date.UTC(2025, 5, 1)

export const ACCOUNT: SpendScope = { kind: 'account', id: '' }
export const keyScope = (id: string): SpendScope => ({ kind: 'key', id })

export const amountOf = (microUsd: number, tokens = microUsd * 2): Amount => ({ microUsd, tokens })

export function reservationOf(
  id: string,
  overrides: Partial<SpendReservation> = {},
): SpendReservation {
  return {
    ...{ id, keyId: 'Spender1', model: 'gpt-4o', atMs: CALL_MS, amount: amountOf(100) },
    leaseUntilMs: CALL_MS + MINUTE_MS,
    ...overrides,
  }
}

export const usageOf = (inputTokens: number, outputTokens: number): TokenUsage => ({
  ...NO_USAGE,
  inputTokens,
  outputTokens,
})

export const settlementOf = (
  id: string,
  microUsd: number,
  usage: TokenUsage = usageOf(microUsd, microUsd),
): SpendSettlement => ({ id, amount: amountOf(microUsd), usage })

/** A call from its beginning to its end. */
export async function spend(
  store: Store,
  id: string,
  microUsd: number,
  overrides: Partial<SpendReservation> = {},
): Promise<void> {
  await store.openSpend([reservationOf(id, overrides)])
  assert.equal(await store.settleSpend([settlementOf(id, microUsd)]), 1)
}

export const expiredEntry = ({ id, keyId, amount }: SpendReservation): AuditEntry =>
  sampleEntry('spend.expired', { keyId, details: { id, micro_usd: amount.microUsd } })

export const RESET = sampleEntry('spend.reset')

/** Two keys of Ada (one of each tier) and one of Grace. */
export async function insertSpenders(store: Store): Promise<void> {
  const grace = { email: 'grace@example.org', externalId: null }
  await insert(store, 'Spender1')
  await insert(store, 'Spender2', { tier: 'pro' })
  await insert(store, 'Spender3', { owner: grace })
}

/** What a scope used by minute, in this month, and the ids of what is open. */
export async function seedOf(store: Store, scope: SpendScope, nowMs = CALL_MS) {
  const { minutes, month, open } = await store.seedSpend(scope, nowMs)
  for (const { microUsd, tokens } of [...minutes, month, ...open])
    assert.equal(tokens, microUsd * 2)
  return {
    minutes: minutes.map(({ startMs, microUsd }) => [(startMs - CALL_MS) / MINUTE_MS, microUsd]),
    month: month.microUsd,
    open: open.map(({ id }) => id).sort(),
  }
}
