/**
 * The ledger's members of the Store.
 *
 * `openSpend` keeps a call waiting, so it is one statement in one trip, in no line, and as durable as the
 * server's `synchronous_commit` makes it. When its answer is lost it is sent once more: the ids tell
 * whether it has happened. The rest are transactions, of which a lost answer is looked up.
 */
import type { Store } from '../../core/ports/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerScopes } from './ledger-scopes.ts'

export interface LedgerParts {
  readonly ledger: Ledger
  readonly scopes: LedgerScopes
  readonly audit: AuditLog
}

export const ledgerMembers = (database: Database, parts: LedgerParts) => ({
  ...callMembers(database, parts),
  ...scopeMembers(database, parts),
})

const callMembers = (database: Database, { ledger, audit }: LedgerParts) =>
  ({
    async openSpend(reservations) {
      if (reservations.length === 0) return
      let attempts = 0
      await database.statement((session) => {
        attempts++
        return ledger.open(session, reservations, attempts > 1)
      })
    },
    async renewSpend(ids, leaseUntilMs) {
      if (ids.length === 0) return
      await database.checkpoint((session) => ledger.renew(session, ids, leaseUntilMs))
    },
    async settleSpend(settlements) {
      if (settlements.length === 0) return 0
      return database.checkpoint((session) => ledger.settle(session, settlements))
    },
    async expireSpend(nowMs, auditOf) {
      // Asked every few seconds: it must not write when nothing is due.
      const isAnyDue = await database.read((session) => ledger.isAnyDue(session, nowMs))
      if (!isAnyDue) return []
      return database.change(async (session) => {
        const expired = await ledger.expire(session, nowMs)
        await audit.append(session, expired.map(auditOf))
        return expired
      })
    },
  }) satisfies Partial<Store>

const scopeMembers = (database: Database, { scopes, audit }: LedgerParts) =>
  ({
    seedSpend: (scope, nowMs) => database.read((session) => scopes.seed(session, scope, nowMs)),
    reportSpend: (query) => database.read((session) => scopes.report(session, query)),
    resetSpend: (scope, atMs, entry) =>
      database.change(async (session) => {
        await scopes.reset(session, scope, atMs)
        await audit.append(session, [entry])
      }),
    setSpendCaps: (scope, caps, entry) =>
      database.change(async (session) => {
        await scopes.setCaps(session, scope, caps)
        await audit.append(session, [entry])
      }),
    listSpendCaps: () => database.read((session) => scopes.caps(session)),
    listSpendSums: ({ after, pageSize }) =>
      database.read((session) => scopes.sums(session, after, pageSize)),
    listSpendReservations: () => database.read((session) => scopes.reservations(session)),
    listSpendResets: () => database.read((session) => scopes.resets(session)),
  }) satisfies Partial<Store>
