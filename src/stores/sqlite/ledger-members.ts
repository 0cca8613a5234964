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
import type { WalSync } from './wal-sync.ts'

export interface LedgerParts {
  readonly ledger: Ledger
  readonly scopes: LedgerScopes
  readonly audit: AuditLog
  readonly walSync: WalSync
}

export const ledgerMembers = (connection: Connection, parts: LedgerParts) => ({
  ...callMembers(connection, parts),
  ...scopeMembers(connection, parts),
})

const callMembers = (connection: Connection, { ledger, audit, walSync }: LedgerParts) => {
  async function quickly<Result>(work: () => Result): Promise<Result> {
    const result = await connection.transaction('NORMAL', work)
    walSync.soon()
    return result
  }
  return {
    async openSpend(reservations) {
      if (reservations.length === 0) return
      walSync.refuseFailed()
      await quickly(() => ledger.open(reservations))
    },
    async renewSpend(ids, leaseUntilMs) {
      if (ids.length === 0) return
      await quickly(() => ledger.renew(ids, leaseUntilMs))
    },
    async settleSpend(settlements) {
      if (settlements.length === 0) return 0
      return quickly(() => ledger.settle(settlements))
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
  } satisfies Partial<Store>
}

const scopeMembers = (connection: Connection, { scopes, audit }: LedgerParts) =>
  ({
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
