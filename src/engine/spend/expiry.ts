/**
 * Charges in full what nobody settled and nobody holds any more: its process died, or its caller gave it
 * up. Nobody can know what was produced. Any instance does it, for all.
 */
import type { AuditEntry } from '../../core/audit.ts'
import type { SpendCounters } from '../../core/ports/counters.ts'
import type { SpendReservation } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Store } from '../../core/ports/store.ts'
import { spendSubject } from '../../core/subject.ts'
import { scopesOf } from './scopes.ts'
import type { Settlements } from './settlements.ts'

/** So many are charged at once. */
const PAGE_SIZE = 1_000

export interface ExpiryParts {
  readonly store: Pick<Store, 'expireSpend' | 'findKey'>
  readonly counters: Pick<SpendCounters, 'settleHold'>
  readonly settlements: Pick<Settlements, 'flush'>
  readonly clock: { wallMs(): number }
  readonly log: Logger
  readonly defaultActor: string
}

/** Rejects when the store failed. */
export async function expireSpend(parts: ExpiryParts): Promise<void> {
  const { store, settlements, clock, defaultActor } = parts
  // What is known here must not be charged in full because it waited for the store.
  await settlements.flush()
  for (;;) {
    const nowMs = clock.wallMs()
    const entryOf = (expired: SpendReservation) => auditEntryOf(expired, nowMs, defaultActor)
    const expired = await store.expireSpend(nowMs, entryOf)
    for (const reservation of expired) await endHold(parts, reservation)
    if (expired.length < PAGE_SIZE) return
  }
}

/** The counters count it in full already; they forget that it is open. */
async function endHold(
  { store, counters, log }: ExpiryParts,
  { id, keyId, atMs, amount }: SpendReservation,
): Promise<void> {
  try {
    const key = await store.findKey(keyId)
    if (key === undefined) return
    const scopes = scopesOf({ keyId, owner: key.owner.email, tier: key.tier })
    const charges = scopes.map((scope) => ({ subject: spendSubject(scope) }))
    await counters.settleHold({ id, atMs, charges }, amount)
  } catch (error) {
    log.debug({ err: error, reservation: id }, 'the counters still hold what has expired')
  }
}

function auditEntryOf(
  { id, keyId, model, amount }: SpendReservation,
  atMs: number,
  actor: string,
): AuditEntry {
  return {
    ...{ atMs, event: 'spend.expired', keyId, actor, address: null, requestId: null, count: 1 },
    details: { reservation: id, model, micro_usd: amount.microUsd, tokens: amount.tokens },
  }
}
