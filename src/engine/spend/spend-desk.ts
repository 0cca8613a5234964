/**
 * The desk of money: what applications, adapters and the CLI ask about prices, caps and what was spent,
 * and what operators change. Decisions on calls are in `holds.ts`.
 */
import type { AuditDetails, AuditEntry, AuditEvent } from '../../core/audit.ts'
import type { Denied } from '../../core/decision.ts'
import { keyStatusAt } from '../../core/key/key-record.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Counters } from '../../core/ports/counters.ts'
import type { SpendQuery } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Store } from '../../core/ports/store.ts'
import type { SpendSettings } from '../../core/settings.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import { spendSubject } from '../../core/subject.ts'
import type { Actor, CapView, SpendDesk, SpendIntent } from '../gate.ts'
import type { KeyCache } from '../key-cache.ts'
import { findOrThrow } from '../key-changes.ts'
import { NO_LIMITS, type Refusals, retryable } from '../refusals.ts'
import type { CapsBook } from './caps-book.ts'
import { checkCaps, checkScope } from './caps-input.ts'
import type { Holds } from './holds.ts'
import { createModelPrices } from './model-prices.ts'
import { ACCOUNT, type Payer, scopesOf } from './scopes.ts'
import type { Seeder } from './seeder.ts'
import type { Settlements } from './settlements.ts'
import type { SpendFeed } from './spend-feed.ts'

export interface SpendDeskParts {
  readonly settings: SpendSettings
  readonly store: Pick<Store, 'findKey' | 'reportSpend' | 'setSpendCaps' | 'resetSpend'>
  readonly counters: Pick<Counters, 'nowMs' | 'spendStatus'>
  readonly cache: KeyCache
  readonly refusals: Refusals
  readonly clock: Clock
  readonly log: Logger
  readonly defaultActor: string
  readonly caps: CapsBook
  readonly holds: Holds
  readonly seeder: Seeder
  readonly settlements: Settlements
  readonly feed: SpendFeed
  readonly isClosed: () => boolean
}

export function createSpendDesk(parts: SpendDeskParts): SpendDesk {
  const { settings, store, caps, settlements, log } = parts
  return Object.freeze({
    settings,
    policyOf: (identity) => caps.policyOf(identity),
    priceOf: createModelPrices(settings.prices, log),
    reserve: (identity, intent, requestId) => reserve(parts, identity.keyId, intent, requestId),
    async report(query: SpendQuery = {}) {
      // What is known here is told, even where it is about to be written.
      await settlements.flush()
      return store.reportSpend(query)
    },
    caps: (keyId) => capsOf(parts, keyId),
    async setCaps(scope, given, actor) {
      const checked = await known(parts, scope)
      const set = given === null ? null : checkCaps(checked, given)
      const audit = entryOf(parts, 'spend.capped', checked, actor, detailsOf(set))
      await store.setSpendCaps(checked, set, audit)
      await parts.feed.loadCaps()
    },
    reset: async (scope, actor) => reset(parts, await known(parts, scope), actor),
  } satisfies SpendDesk)
}

async function reserve(
  parts: SpendDeskParts,
  keyId: string,
  intent: SpendIntent,
  requestId: string,
) {
  const { cache, holds, refusals, clock } = parts
  if (parts.isClosed()) return retryable('overloaded')
  const key = cache.fresh(keyId) ?? (await cache.load(keyId))
  if (key === 'unavailable') return retryable('auth_unavailable')
  if (key === 'unknown' || keyStatusAt(key.record, clock.wallMs()) !== 'active') {
    return { allowed: false, code: 'invalid_key', limits: NO_LIMITS } satisfies Denied
  }
  const { identity } = key
  const request = { presentedKey: undefined, address: undefined, requestId }
  const denied = holds.deniedModel(identity, intent)
  if (denied !== undefined) return denied
  try {
    const taken = await holds.take(identity, intent)
    switch (taken.kind) {
      case 'admitted':
        return taken.reservation
      case 'refused': {
        const refusal = { outcome: taken, limits: NO_LIMITS }
        return refusals.overLimit(request, holds.codeOf(identity, taken), refusal, keyId)
      }
      case 'stale-key':
        throw new TypeError('no version was asked about')
    }
  } catch (error) {
    return refusals.limiterFailed(request, error)
  }
}

async function capsOf(parts: SpendDeskParts, keyId: string | undefined): Promise<CapView[]> {
  const { caps, counters, seeder } = parts
  const payer = keyId === undefined ? undefined : await payerOf(parts, keyId)
  const scopes = payer === undefined ? ACCOUNT_ONLY : scopesOf(payer)
  const views = scopes
    .map((scope) => ({ scope, charge: caps.chargeOf(scope, payer?.tier) }))
    .filter(({ charge }) => charge.caps.length > 0)
  if (views.length === 0) return []
  const charges = views.map(({ charge }) => charge)
  await seeder.ensure(charges.map(({ subject }) => subject))
  const statuses = await counters.spendStatus(charges)
  return views.flatMap(({ scope }, index) =>
    (statuses[index] ?? []).map((status) => ({ scope, status })),
  )
}

const ACCOUNT_ONLY: readonly SpendScope[] = [ACCOUNT]

async function payerOf({ store }: SpendDeskParts, keyId: string): Promise<Payer> {
  const { owner, tier } = await findOrThrow(store, keyId)
  return { keyId, owner: owner.email, tier }
}

async function reset(parts: SpendDeskParts, scope: SpendScope, actor?: Actor): Promise<void> {
  const { store, counters, settlements, seeder, clock, log } = parts
  // What was spent before the reset belongs before it.
  await settlements.flush()
  const atMs = await attempt(() => counters.nowMs()).catch(() => clock.monotonicMs())
  await store.resetSpend(scope, atMs, entryOf(parts, 'spend.reset', scope, actor, {}))
  try {
    await seeder.seed([spendSubject(scope)])
  } catch (error) {
    // The row in the audit log tells every instance; and after an outage all is read anew anyway.
    log.warn({ err: error }, 'spend was reset; the counters learn of it a little later')
  }
}

const attempt = async <T>(call: () => T | Promise<T>): Promise<T> => call()

/** A key must be there, and a tier must be configured; any owner may be given a cap ahead of keys. */
async function known({ store }: SpendDeskParts, scope: SpendScope): Promise<SpendScope> {
  const checked = checkScope(scope)
  if (checked.kind === 'key') await findOrThrow(store, checked.id)
  return checked
}

function entryOf(
  { clock, defaultActor }: SpendDeskParts,
  event: AuditEvent,
  { kind, id }: SpendScope,
  actor: Actor | undefined,
  details: AuditDetails,
): AuditEntry {
  return {
    ...{ atMs: clock.wallMs(), event, keyId: kind === 'key' ? id : null, count: 1 },
    actor: actor?.actor ?? defaultActor,
    address: actor?.address ?? null,
    requestId: actor?.requestId ?? null,
    details: { scope: kind, id, ...details },
  }
}

/** null: as configured. */
const detailsOf = (set: SetCaps | null): AuditDetails => ({
  per_day_micro_usd: set?.perDayMicroUsd ?? null,
  per_month_micro_usd: set?.perMonthMicroUsd ?? null,
  models: set?.models?.join(' ') ?? null,
  max_output_tokens: set?.maxOutputTokens ?? null,
})
