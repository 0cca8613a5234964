/**
 * The Store on SQLite (`node:sqlite`), for one machine: one process, or several on one file.
 *
 * Durability: changes of keys and their audit rows are on disk when acknowledged
 * (`synchronous=FULL`). Usage checkpoints and folded refusals survive the death of the process, and
 * power loss from the next full write on (`NORMAL`). STORAGE.md has the details.
 */
import type { AuditEntry, AuditEvent } from '../../core/audit.ts'
import type { Store } from '../../core/ports/store.ts'
import { UNFINISHED } from '../unfinished.ts'
import { AuditLog } from './audit-log.ts'
import type { Connection, Durability } from './connection.ts'
import { importData } from './import-data.ts'
import { Keys } from './keys.ts'
import { openDatabase } from './open-database.ts'
import { storeError } from './store-error.ts'
import { Usage } from './usage.ts'

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

  return Object.freeze<Store>({
    ...UNFINISHED,
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

    tellsOfChanges: true,
    externalRevision: () => connection.dataVersion(),

    saveUsage: (deltas, nowMs) => connection.transaction('NORMAL', () => usage.save(deltas, nowMs)),
    loadUsage: (nowMs) => connection.read(() => usage.load(nowMs)),

    importData: (batches, heads) =>
      connection.longTransaction(() => importData({ keys, audit, usage }, batches, heads)),

    close: () => connection.close(),
  })
}

function durabilityOf(entries: readonly AuditEntry[]): Durability {
  return entries.every((entry) => FOLDED.has(entry.event)) ? 'NORMAL' : 'FULL'
}
