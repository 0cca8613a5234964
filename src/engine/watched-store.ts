/**
 * The store as the gate uses it: every call goes through, and its success or failure is noted. That
 * is how health knows of the store without asking it, and how its failures and the audit rows that
 * it took are counted.
 *
 * Codes that say something about the data (`not_found`, `conflict` …) are answers. Anything else that
 * is thrown is a failure.
 */
import type { AuditEntry } from '../core/audit.ts'
import { LockgateError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { GateMetrics } from '../core/ports/metrics.ts'
import type { Store } from '../core/ports/store.ts'

/** Whether there is such a key does not matter. */
const ANY_KEY = '00000000'

export class StoreState {
  readonly #clock: Clock
  #fails = false
  #answeredAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#answeredAtMs = clock.monotonicMs()
  }

  /** Whether the last call failed. */
  get fails(): boolean {
    return this.#fails
  }

  /** How long ago the store answered for the last time. */
  get silentMs(): number {
    return this.#clock.monotonicMs() - this.#answeredAtMs
  }

  answered(): void {
    this.#fails = false
    this.#answeredAtMs = this.#clock.monotonicMs()
  }

  failed(): void {
    this.#fails = true
  }
}

export interface WatchedStore {
  readonly store: Store
  readonly state: StoreState
  /** Asks a store that failed whether it is back; one that works is left alone. Never rejects. */
  probe(): Promise<void>
}

/** Every member of the port, the optional ones as well: one that is forgotten here does not compile. */
type EveryMember = { readonly [Member in keyof Required<Store>]: Store[Member] }

export function watchStore(inner: Store, clock: Clock, metrics: GateMetrics): WatchedStore {
  const state = new StoreState(clock)

  async function noted<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await call()
      state.answered()
      return answer
    } catch (error) {
      if (isAnswer(error)) state.answered()
      else {
        state.failed()
        metrics.storeFailed()
      }
      throw error
    }
  }

  async function writing<Answer>(
    audit: readonly AuditEntry[],
    call: () => Promise<Answer>,
  ): Promise<Answer> {
    const answer = await noted(call)
    for (const { event } of audit) metrics.auditWritten(event, 1)
    return answer
  }

  const store: EveryMember = {
    async insertKey(key, audit, idempotency) {
      const record = await noted(() => inner.insertKey(key, audit, idempotency))
      if (record.keyId === key.keyId) metrics.auditWritten(audit.event, 1)
      return record
    },
    findKey: (keyId) => noted(() => inner.findKey(keyId)),
    listKeys: (query) => noted(() => inner.listKeys(query)),
    changeKey: (keyId, change, audit) =>
      writing(audit === null ? [] : [audit], () => inner.changeKey(keyId, change, audit)),
    rotateKey: (keyId, replacement, graceEndsAtMs, audit) =>
      writing(audit, () => inner.rotateKey(keyId, replacement, graceEndsAtMs, audit)),
    appendAudit: (entries) => writing(entries, () => inner.appendAudit(entries)),
    readAudit: (query) => noted(() => inner.readAudit(query)),
    readAuditTail: (query) => noted(() => inner.readAuditTail(query)),
    auditHeads: () => noted(() => inner.auditHeads()),
    // Asked in each turn of the event loop, and read from memory: not worth a note.
    externalRevision: () => inner.externalRevision(),
    tellsOfChanges: inner.tellsOfChanges,
    importData: (batches, heads) => noted(() => inner.importData(batches, heads)),
    saveUsage: (usage, nowMs) => noted(() => inner.saveUsage(usage, nowMs)),
    loadUsage: (nowMs) => noted(() => inner.loadUsage(nowMs)),
    async reportLeak(keyId, response) {
      const reported = await noted(() => inner.reportLeak(keyId, response))
      if (reported.effect === 'revoked') metrics.auditWritten(response.revoked.event, 1)
      if (reported.effect !== 'none') metrics.auditWritten(response.leaked.event, 1)
      return reported
    },
    async raiseSuspicion(keyId, response) {
      const raised = await noted(() => inner.raiseSuspicion(keyId, response))
      if (raised.isNew) metrics.auditWritten(response.suspicious.event, 1)
      return raised
    },
    addLinkToken: (token) => noted(() => inner.addLinkToken(token)),
    findLink: (tokenHash) => noted(() => inner.findLink(tokenHash)),
    closeLink: (tokenHash, atMs, closing) =>
      writing(closing.audit, () => inner.closeLink(tokenHash, atMs, closing)),
    enqueueMail: (mails) => noted(() => inner.enqueueMail(mails)),
    claimMail: (claim) => noted(() => inner.claimMail(claim)),
    settleMail: (name, attempt, result) => noted(() => inner.settleMail(name, attempt, result)),
    mailQueue: () => noted(() => inner.mailQueue()),
    listLinks: (page) => noted(() => inner.listLinks(page)),
    listMail: (page) => noted(() => inner.listMail(page)),
    saveActivity: (deltas) => noted(() => inner.saveActivity(deltas)),
    findActivity: (keyIds) => noted(() => inner.findActivity(keyIds)),
    listActiveKeys: (query) => noted(() => inner.listActiveKeys(query)),
    pruneAudit: (checkpoints, audit) =>
      writing([audit], () => inner.pruneAudit(checkpoints, audit)),
    auditCheckpoints: () => noted(() => inner.auditCheckpoints()),
    openSpend: (reservations) => noted(() => inner.openSpend(reservations)),
    renewSpend: (ids, leaseUntilMs) => noted(() => inner.renewSpend(ids, leaseUntilMs)),
    settleSpend: (settlements) => noted(() => inner.settleSpend(settlements)),
    async expireSpend(nowMs, auditOf) {
      const expired = await noted(() => inner.expireSpend(nowMs, auditOf))
      if (expired.length > 0) metrics.auditWritten('spend.expired', expired.length)
      return expired
    },
    seedSpend: (scope, nowMs) => noted(() => inner.seedSpend(scope, nowMs)),
    reportSpend: (query) => noted(() => inner.reportSpend(query)),
    resetSpend: (scope, atMs, audit) =>
      writing([audit], () => inner.resetSpend(scope, atMs, audit)),
    setSpendCaps: (scope, caps, audit) =>
      writing([audit], () => inner.setSpendCaps(scope, caps, audit)),
    listSpendCaps: () => noted(() => inner.listSpendCaps()),
    listSpendSums: (page) => noted(() => inner.listSpendSums(page)),
    listSpendReservations: () => noted(() => inner.listSpendReservations()),
    listSpendResets: () => noted(() => inner.listSpendResets()),
    close: () => inner.close(),
  }
  const probe = async () => {
    // What it answers has been noted on its way.
    if (state.fails) await store.findKey(ANY_KEY).catch(() => undefined)
  }
  return { store: Object.freeze(store), state, probe }
}

const isAnswer = (error: unknown): boolean =>
  error instanceof LockgateError && error.code !== 'store_unavailable'
