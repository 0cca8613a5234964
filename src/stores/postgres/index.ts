/**
 * The Store on PostgreSQL, for any number of instances that share it.
 *
 * Durability: what was acknowledged has been committed with the server's `synchronous_commit`, at
 * least `on`. A COMMIT whose answer was lost is looked up, not guessed and not repeated.
 *
 * Failure: nothing waits longer than its deadline; then it rejects with `store_unavailable`, which
 * says that nothing was changed, or, in the one case where that cannot be found out, how to look.
 * STORAGE.md has the tables, the rights that are needed, and the details.
 */
import type { Store } from '../../core/ports/store.ts'
import { checkPage } from '../tables/page-size.ts'
import { Activity } from './activity.ts'
import { AuditLog } from './audit-log.ts'
import { ignoreError } from './borrow.ts'
import { Database } from './database.ts'
import { Deadline } from './deadline.ts'
import { importData } from './import-data.ts'
import { Keys } from './keys.ts'
import { Ledger } from './ledger.ts'
import { ledgerMembers } from './ledger-members.ts'
import { LedgerScopes } from './ledger-scopes.ts'
import { Links } from './links.ts'
import { checkPostgres, migratePostgres } from './migrations/migrate.ts'
import { type CheckedOptions, checkOptions, type PostgresStoreOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { sqlIn } from './sql.ts'
import { Usage } from './usage.ts'

export { migratePostgres } from './migrations/migrate.ts'
export type { PostgresStoreOptions } from './options.ts'
export type { PostgresPool } from './pool.ts'
export { postgresPlace, postgresPoolOptions } from './pool-options.ts'

/**
 * Opens the database and brings it to the newest schema.
 *
 * Rejects with a LockgateError `store_unavailable` that names the server and the next step when it
 * cannot be reached, belongs to something else, or was written by a newer version.
 *
 * @example
 * const pool = new pg.Pool(postgresPoolOptions(url))
 * const store = await openPostgresStore({ pool, ownsPool: true, place: postgresPlace(url) })
 * const keys = await store.listKeys({ pageSize: 100 })
 * await store.close()
 */
export async function openPostgresStore(given: PostgresStoreOptions): Promise<Store> {
  const options = checkOptions(given)
  const { pool, ownsPool, migrate } = options
  try {
    await (migrate ? migratePostgres(pool, options) : checkPostgres(pool, options))
  } catch (error) {
    if (ownsPool) await endPool(options)
    throw error
  }
  return storeOn(options)
}

function storeOn(options: CheckedOptions): Store {
  const { schema, ownsPool } = options
  const sql = sqlIn(schema)
  const database = new Database({ ...options, sql })
  const keys = new Keys(sql.shared)
  const audit = new AuditLog(sql, options.chainLeaseMs)
  const usage = new Usage(sql.shared)
  const outbox = new Outbox(sql.shared)
  const links = new Links(sql.shared, { keys, outbox, audit })
  const activity = new Activity(sql.shared)
  const ledger = new Ledger(sql)
  const scopes = new LedgerScopes(sql.shared)
  const parts = { schema, keys, audit, usage, links, outbox, activity, ledger, scopes }
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await database.close((session) => audit.letGo(session))
    if (ownsPool) await endPool(options)
  }

  return Object.freeze<Store>({
    insertKey: (key, entry, idempotency) =>
      database.change(async (session) => {
        const earlier = idempotency && (await keys.claim(session, key, idempotency))
        if (earlier !== undefined) return earlier
        const record = await keys.insert(session, key)
        await audit.append(session, [entry])
        return record
      }),

    changeKey: (keyId, change, entry) =>
      database.change(async (session) => {
        const { before, after } = await keys.change(session, keyId, change)
        if (after !== before && entry !== null) await audit.append(session, [entry])
        return after
      }),

    rotateKey: (keyId, replacement, graceEndsAtMs, entries) =>
      database.change(async (session) => {
        const rotated = await keys.rotate(session, keyId, replacement, graceEndsAtMs)
        await audit.append(session, entries)
        return rotated
      }),

    findKey: (keyId) => database.read((session) => keys.find(session, keyId)),
    listKeys: (query) => database.read((session) => keys.list(session, query)),

    appendAudit: (entries) => database.change((session) => audit.append(session, entries)),
    readAudit: (query) => database.read((session) => audit.read(session, query)),
    readAuditTail: (query) => database.read((session) => audit.readTail(session, query)),
    auditHeads: () => database.read((session) => audit.heads(session)),

    pruneAudit: (checkpoints, entry) =>
      database.change(async (session) => {
        const pruned = await audit.prune(session, checkpoints)
        await audit.append(session, [entry])
        return pruned
      }),
    auditCheckpoints: () => database.read((session) => audit.checkpoints(session)),

    ...linkMembers(database, links),
    ...outboxMembers(database, outbox),
    ...ledgerMembers(database, { ledger, scopes, audit }),

    saveActivity: (deltas) => database.checkpoint((session) => activity.save(session, deltas)),
    findActivity: (keyIds) => database.read((session) => activity.find(session, keyIds)),
    listActiveKeys: ({ sinceMs, ...page }) =>
      database.read((session) => activity.listActive(session, sinceMs, ...checkPage(page))),

    // Nothing tells for free that another instance has written; versions in the counters do.
    externalRevision: () => 0,
    tellsOfChanges: false,

    saveUsage: (deltas, nowMs) =>
      database.checkpoint((session) => usage.save(session, deltas, nowMs)),
    loadUsage: (nowMs) => database.read((session) => usage.load(session, nowMs)),

    importData: (batches, heads) =>
      database.longChange((session) => importData(session, parts, batches, heads)),

    close: () => {
      closing ??= close()
      return closing
    },
  })
}

const linkMembers = (database: Database, links: Links) =>
  ({
    reportLeak: (keyId, response) =>
      database.change((session) => links.reportLeak(session, keyId, response)),
    raiseSuspicion: (keyId, response) =>
      database.change((session) => links.raiseSuspicion(session, keyId, response)),
    addLinkToken: (token) => database.checkpoint((session) => links.addToken(session, token)),
    findLink: (tokenHash) => database.read((session) => links.find(session, tokenHash)),
    closeLink: (tokenHash, atMs, closing) =>
      database.change((session) => links.close(session, tokenHash, atMs, closing)),
    listLinks: (page) => database.read((session) => links.list(session, ...checkPage(page))),
  }) satisfies Partial<Store>

const outboxMembers = (database: Database, outbox: Outbox) =>
  ({
    enqueueMail: (mails) => database.checkpoint((session) => outbox.enqueue(session, mails)),
    async claimMail({ nowMs, leaseMs, count }) {
      // Asked once a second: it must not write when nothing is due.
      const isAnyDue = await database.read((session) => outbox.isAnyDue(session, nowMs))
      if (!isAnyDue) return []
      return database.checkpoint((session) => outbox.claim(session, nowMs, leaseMs, count))
    },
    settleMail: (name, attempt, result) =>
      database.checkpoint((session) => outbox.settle(session, name, attempt, result)),
    mailQueue: () => database.read((session) => outbox.state(session)),
    listMail: (page) => database.read((session) => outbox.list(session, ...checkPage(page))),
  }) satisfies Partial<Store>

/** A server that does not answer cannot keep the process from ending. */
async function endPool({ pool, readDeadlineMs }: CheckedOptions): Promise<void> {
  await new Deadline(readDeadlineMs).race(pool.end()).catch(ignoreError)
}
