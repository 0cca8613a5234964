/**
 * The ledger's members of the Store.
 *
 * Durability: what is on the way of a call (`openSpend`, `renewSpend`, `settleSpend`) survives the death
 * of the process once acknowledged, and power loss soon after, without a wait for the disk. The rest is
 * on disk when acknowledged.
 */
import type { Store } from '../../core/ports/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Connection } from './connection.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerScopes } from './ledger-scopes.ts'

export interface LedgerParts {
  readonly ledger: Ledger
  readonly scopes: LedgerScopes
  readonly audit: AuditLog
}

export const ledgerMembers = (connection: Connection, { ledger, scopes, audit }: LedgerParts) =>
  ({
    async openSpend(reservations) {
      if (reservations.length === 0) return
      await connection.transaction('NORMAL', () => ledger.open(reservations))
    },
    async renewSpend(ids, leaseUntilMs) {
      if (ids.length === 0) return
      await connection.transaction('NORMAL', () => ledger.renew(ids, leaseUntilMs))
    },
    async settleSpend(settlements) {
      if (settlements.length === 0) return 0
      return connection.transaction('NORMAL', () => ledger.settle(settlements))
    },
    async expireSpend(nowMs, auditOf) {
      // Asked every few seconds: it must not take the write lock when nothing is due.
      const isAnyDue = await connection.read(() => ledger.isAnyDue(nowMs))
      if (!isAnyDue) return []
      return connection.transaction('FULL', () => {
        const expired = ledger.expire(nowMs)
        if (expired.length > 0) audit.append(expired.map(auditOf))
        return expired
      })
    },

    seedSpend: (scope, nowMs) => connection.read(() => scopes.seed(scope, nowMs)),
    reportSpend: (query) => connection.read(() => scopes.report(query)),
    resetSpend: (scope, atMs, entry) =>
      connection.transaction('FULL', () => {
        scopes.reset(scope, atMs)
        audit.append([entry])
      }),
    setSpendCaps: (scope, caps, entry) =>
      connection.transaction('FULL', () => {
        scopes.setCaps(scope, caps)
        audit.append([entry])
      }),
    listSpendCaps: () => connection.read(() => scopes.caps()),
    listSpendSums: ({ after, pageSize }) => connection.read(() => scopes.sums(after, pageSize)),
    listSpendReservations: () => connection.read(() => scopes.reservations()),
    listSpendResets: () => connection.read(() => scopes.resets()),
  }) satisfies Partial<Store>
