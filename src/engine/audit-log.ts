/** The audit log as its readers see it. What is folded in memory is written before anything is read. */
import { LockgateError } from '../core/errors.ts'
import type { AuditSigner } from '../core/ports/audit-signer.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { AuditQuery, Store } from '../core/ports/store.ts'
import type { AuditJournal } from './audit-journal.ts'
import { verifyLog } from './audit-verification.ts'
import type { AuditLog } from './gate.ts'
import { type PruneOptions, pruneLog } from './retention/prune.ts'
import { signPlace } from './retention/signatures.ts'
import { type SignIn, SignIns } from './sign-ins.ts'

const DEFAULT_PAGE_SIZE = 100

export interface AuditLogParts {
  readonly store: Store
  readonly journal: AuditJournal
  readonly clock: Clock
  readonly actor: string
  /** Without it nothing is signed, and so nothing is pruned. */
  readonly signer: AuditSigner | undefined
}

export function createAuditLog(parts: AuditLogParts): AuditLog {
  const { store, journal, clock, actor, signer } = parts
  const signIns = new SignIns(journal, clock)
  return Object.freeze({
    async tail(query: Partial<AuditQuery> = {}) {
      await journal.flush()
      return store.readAuditTail({ pageSize: DEFAULT_PAGE_SIZE, ...query })
    },
    async read(query: AuditQuery) {
      await journal.flush()
      return store.readAudit(query)
    },
    verify: (evidence) => verifyLog(parts, evidence),
    async signHeads() {
      const named = needed(signer)
      await journal.flush()
      const atMs = clock.wallMs()
      const heads = await store.auditHeads()
      return Promise.all(heads.map((head) => signPlace(named, 'head', head, atMs)))
    },
    prune: (options: PruneOptions) =>
      pruneLog({ store, clock, actor, signer: needed(signer) }, options),
    signedIn: (caller: SignIn) => signIns.note(caller),
    flush: () => journal.flush(),
  } satisfies AuditLog)
}

function needed(signer: AuditSigner | undefined): AuditSigner {
  if (signer !== undefined) return signer
  throw new LockgateError('conflict', 'this gate has no key to sign the audit log with')
}
