/** The audit log as its readers see it. What is folded in memory is written before anything is read. */
import { ChainVerifier } from '../core/audit-chain.ts'
import type { AuditQuery, Store } from '../core/ports/store.ts'
import type { AuditJournal } from './audit-journal.ts'
import type { AuditLog } from './gate.ts'

const DEFAULT_PAGE_SIZE = 100
const VERIFY_PAGE_SIZE = 1_000

export function createAuditLog(store: Store, journal: AuditJournal): AuditLog {
  return Object.freeze({
    async tail(query: Partial<AuditQuery> = {}) {
      await journal.flush()
      return store.readAuditTail({ pageSize: DEFAULT_PAGE_SIZE, ...query })
    },
    async read(query: AuditQuery) {
      await journal.flush()
      return store.readAudit(query)
    },
    verify: () => verify(store),
    flush: () => journal.flush(),
  })
}

/** In pages and without a lock: rows written meanwhile are covered by the heads read afterwards. */
async function verify(store: Store) {
  const verifier = new ChainVerifier(await store.auditHeads())
  let afterPosition = 0
  for (;;) {
    const page = await store.readAudit({ afterPosition, pageSize: VERIFY_PAGE_SIZE })
    for (const { position, row } of page) {
      afterPosition = position
      verifier.feed(row)
    }
    if (page.length < VERIFY_PAGE_SIZE) return verifier.finish(await store.auditHeads())
  }
}
