/**
 * The Store on SQLite (`node:sqlite`), for one machine: one process, or several on one file.
 *
 * Durability: changes of keys and their audit rows are on disk when acknowledged
 * (`synchronous=FULL`). Usage checkpoints and folded refusals survive the death of the process, and
 * power loss from the next full write on (`NORMAL`); so do calls that cost money, within a second.
 * STORAGE.md has the details.
 */
import type { AuditEntry, AuditEvent } from '../../core/audit.ts'
import type { Store } from '../../core/ports/store.ts'
import { checkPage } from '../tables/page-size.ts'
import { Activity } from './activity.ts'
import { AuditLog } from './audit-log.ts'
import type { Connection, Durability } from './connection.ts'
import { importData } from './import-data.ts'
import { Keys } from './keys.ts'
import { Ledger } from './ledger.ts'
import { ledgerMembers } from './ledger-members.ts'
import { LedgerScopes } from './ledger-scopes.ts'
import { Links } from './links.ts'
import { openDatabase } from './open-database.ts'
import { Outbox } from './outbox.ts'
import { storeError } from './store-error.ts'
import { Usage } from './usage.ts'
import { WalSync } from './wal-sync.ts'

export { sqliteSchemaVersion } from './schema-version.ts'

export interface SqliteStoreOptions {
  /** A file, created with mode 0600 when absent; its folder must exist. `:memory:` keeps nothing. */
  readonly path: string
  /** How long to wait while another process writes, in ms; default 5,000. */
  readonly busyTimeoutMs?: number
}

const DEFAULT_BUSY_TIMEOUT_MS = 5000

/** Rows of these events come in floods and are folded; losing the last second of them is bearable. */
const FOLDED: ReadonlySet<AuditEvent> = new Set(['limit.exceeded', 'spend.exceeded', 'auth.failed'])

/**
 * Opens the database, creates it if there is none, and brings it to the newest schema.
 *
 * Rejects with a LockgateError `store_unavailable` that names the file and the next step when it
 * cannot be read or written, is not a database of Lockgate, or was written by a newer version.
 *
 * @example
 * const store = await openSqliteStore({ path: './lockgate.db' })
 * const keys = await store.listKeys({ pageSize: 100 })
 * await store.close()
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS } = options
  const connection = await openDatabase(path, busyTimeoutMs)
  try {
    return storeOn(connection)
  } catch (error) {
    await connection.close()
    throw storeError(error, connection.path)
  }
}

function storeOn(connection: Connection): Store {
  const keys = new Keys(connection)
  const audit = new AuditLog(connection)
  const usage = new Usage(connection)
  const outbox = new Outbox(connection)
  const links = new Links(connection, { keys, outbox, audit })
  const activity = new Activity(connection)
  const ledger = new Ledger(connection)
  const scopes = new LedgerScopes(connection)
  const walSync = new WalSync(connection.path)
  const parts = { keys, audit, usage, links, outbox, activity, ledger, scopes }

  return Object.freeze<Store>({
    insertKey: (key, entry, idempotency) =>
      connection.transaction('FULL', () => {
        const earlier = idempotency && keys.claim(key, idempotency)
        if (earlier !== undefined) return earlier
        const record = keys.insert(key)
        audit.append([entry])
        return record
      }),

    changeKey: (keyId, change, entry) =>
      connection.transaction('FULL', () => {
        const { before, after } = keys.change(keyId, change)
        if (after !== before && entry !== null) audit.append([entry])
        return after
      }),

    rotateKey: (keyId, replacement, graceEndsAtMs, entries) =>
      connection.transaction('FULL', () => {
        const rotated = keys.rotate(keyId, replacement, graceEndsAtMs)
        audit.append(entries)
        return rotated
      }),

    findKey: (keyId) => connection.read(() => keys.find(keyId)),
    listKeys: (query) => connection.read(() => keys.list(query)),

    appendAudit: (entries) =>
      connection.transaction(durabilityOf(entries), () => audit.append(entries)),
    readAudit: (query) => connection.read(() => audit.read(query)),
    readAuditTail: (query) => connection.read(() => audit.readTail(query)),
    auditHeads: () => connection.read(() => audit.heads()),

    pruneAudit: (checkpoints, entry) =>
      connection.transaction('FULL', () => {
        const pruned = audit.prune(checkpoints)
        audit.append([entry])
        return pruned
      }),
    auditCheckpoints: () => connection.read(() => audit.checkpoints()),

    ...linkMembers(connection, links),
    ...outboxMembers(connection, outbox),
    ...ledgerMembers(connection, { ledger, scopes, audit, walSync }),

    saveActivity: (deltas) => connection.transaction('NORMAL', () => activity.save(deltas)),
    findActivity: (keyIds) => connection.read(() => activity.find(keyIds)),
    listActiveKeys: ({ sinceMs, ...page }) =>
      connection.read(() => activity.listActive(sinceMs, ...checkPage(page))),

    tellsOfChanges: true,
    externalRevision: () => connection.dataVersion(),

    saveUsage: (deltas, nowMs) => connection.transaction('NORMAL', () => usage.save(deltas, nowMs)),
    loadUsage: (nowMs) => connection.read(() => usage.load(nowMs)),

    importData: (batches, heads) =>
      connection.longTransaction(() => importData(parts, batches, heads)),

    close() {
      walSync.stop()
      return connection.close()
    },
  })
}

const linkMembers = (connection: Connection, links: Links) =>
  ({
    reportLeak: (keyId, response) =>
      connection.transaction('FULL', () => links.reportLeak(keyId, response)),
    raiseSuspicion: (keyId, response) =>
      connection.transaction('FULL', () => links.raiseSuspicion(keyId, response)),
    addLinkToken: (token) => connection.transaction('FULL', () => links.addToken(token)),
    findLink: (tokenHash) => connection.read(() => links.find(tokenHash)),
    closeLink: (tokenHash, atMs, closing) =>
      connection.transaction('FULL', () => links.close(tokenHash, atMs, closing)),
    listLinks: (page) => connection.read(() => links.list(...checkPage(page))),
  }) satisfies Partial<Store>

const outboxMembers = (connection: Connection, outbox: Outbox) =>
  ({
    enqueueMail: (mails) => connection.transaction('FULL', () => outbox.enqueue(mails)),
    async claimMail({ nowMs, leaseMs, count }) {
      // Asked once a second: it must not take the write lock when nothing is due.
      const isAnyDue = await connection.read(() => outbox.isAnyDue(nowMs))
      if (!isAnyDue) return []
      return connection.transaction('FULL', () => outbox.claim(nowMs, leaseMs, count))
    },
    settleMail: (name, attempt, result) =>
      connection.transaction('FULL', () => outbox.settle(name, attempt, result)),
    mailQueue: () => connection.read(() => outbox.state()),
    listMail: (page) => connection.read(() => outbox.list(...checkPage(page))),
  }) satisfies Partial<Store>

function durabilityOf(entries: readonly AuditEntry[]): Durability {
  return entries.every((entry) => FOLDED.has(entry.event)) ? 'NORMAL' : 'FULL'
}
