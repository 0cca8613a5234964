/**
 * Which administrators were let in: the first use of a key from an address in each hour is one row of
 * the audit log, so that a busy script does not fill it. Bounded: of more pairs than `MAX_PAIRS` in an
 * hour the oldest are forgotten, and written once more when they come back.
 */
import type { Clock } from '../core/ports/clock.ts'
import type { AuditJournal } from './audit-journal.ts'
import { BoundedMap } from './bounded-map.ts'

const HOUR_MS = 60 * 60 * 1000
const MAX_PAIRS = 1_000

/** Who was let in as an administrator. */
export interface SignIn {
  readonly keyId: string
  /** As it is counted; undefined where it is not known. */
  readonly address: string | undefined
  readonly requestId: string
}

export class SignIns {
  readonly #journal: Pick<AuditJournal, 'add'>
  readonly #clock: Clock
  readonly #noted = new BoundedMap<string, number>(MAX_PAIRS)

  constructor(journal: Pick<AuditJournal, 'add'>, clock: Clock) {
    this.#journal = journal
    this.#clock = clock
  }

  note({ keyId, address, requestId }: SignIn): void {
    const pair = `${keyId} ${address ?? ''}`
    const nowMs = this.#clock.monotonicMs()
    const notedMs = this.#noted.get(pair)
    if (notedMs !== undefined && nowMs < notedMs + HOUR_MS) return
    this.#noted.set(pair, nowMs)
    this.#journal.add({
      ...{ atMs: this.#clock.wallMs(), event: 'admin.signed_in', keyId, actor: keyId },
      ...{ address: address ?? null, requestId, details: {}, count: 1 },
    })
  }
}
