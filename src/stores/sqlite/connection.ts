/**
 * One connection to one database file.
 *
 * Concurrency: `node:sqlite` is synchronous, so the work of a transaction runs in one piece and
 * nothing of this process comes between. Transactions start in the order they were asked for, with
 * BEGIN IMMEDIATE, because other processes may write to the same file. While another process writes,
 * waiting blocks the event loop for at most `BLOCKING_WAIT_MS` at a time; the rest is awaited.
 *
 * An import is one long transaction that does await; everything else waits until it has ended.
 *
 * Failure: a transaction that fails is rolled back whole and rejects with `store_unavailable`.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompiledQuery } from 'kysely'
import { Statement } from './statement.ts'
import { isBusy, storeError, unavailable } from './store-error.ts'

/** How long SQLite itself may wait for a lock, which stops this process meanwhile. */
export const BLOCKING_WAIT_MS = 50

/** `FULL`: on disk when acknowledged. `NORMAL`: survives the process, and power loss soon after. */
export type Durability = 'FULL' | 'NORMAL'

export class Connection {
  readonly path: string
  readonly #db: DatabaseSync
  readonly #busyTimeoutMs: number
  readonly #statements = new Map<string, StatementSync>()
  readonly #dataVersion: StatementSync
  #durability: Durability | undefined
  #lastTransaction: Promise<unknown> = Promise.resolve()
  #import: Promise<unknown> | undefined
  #closing: Promise<void> | undefined

  constructor(db: DatabaseSync, path: string, busyTimeoutMs: number) {
    this.path = path
    this.#db = db
    this.#busyTimeoutMs = busyTimeoutMs
    this.#dataVersion = db.prepare('pragma data_version')
    this.#dataVersion.setReturnArrays(true)
  }

  /** For the life of the connection. The set of different SQL texts is small and fixed. */
  prepare<Row>(query: CompiledQuery<Row>): Statement<Row> {
    const known = this.#statements.get(query.sql)
    const prepared = known ?? this.#db.prepare(query.sql)
    if (known === undefined) this.#statements.set(query.sql, prepared)
    return new Statement(prepared, query)
  }

  all<Row>(query: CompiledQuery<Row>): Row[] {
    return this.prepare(query).all({})
  }

  /** Runs `work`, which only reads, at once, or after an import that is under way. */
  async read<Result>(work: () => Result): Promise<Result> {
    // Without this, it would see what is not committed: there is one connection.
    if (this.#import !== undefined) await this.#import
    return this.#retrying(work)
  }

  /** Runs `work` as one transaction after those asked for before. It may not await anything. */
  transaction<Result>(durability: Durability, work: () => Result): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError())
    const result = this.#lastTransaction.then(() =>
      this.#retrying(() => this.#runTransaction(durability, work)),
    )
    this.#lastTransaction = result.catch(() => undefined)
    return result
  }

  /**
   * Runs `work`, which may await, as one transaction after those asked for before. Other processes
   * cannot write meanwhile; nothing of this one reads or writes.
   */
  longTransaction(work: () => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError())
    const result = this.#lastTransaction.then(() => this.#runLongTransaction(work))
    this.#lastTransaction = result.catch(() => undefined)
    return result
  }

  async #runLongTransaction(work: () => Promise<void>): Promise<void> {
    await this.#retrying(() => this.#begin('FULL'))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#import = promise
    try {
      await work()
      this.#db.exec('commit')
    } catch (error) {
      this.#rollBack()
      throw this.#errorOf(error)
    } finally {
      this.#import = undefined
      resolve()
    }
  }

  /** Changes when another connection committed something. About 2 µs. */
  dataVersion(): number {
    try {
      const row: unknown = this.#dataVersion.get()
      if (Array.isArray(row) && typeof row[0] === 'number') return row[0]
    } catch (error) {
      throw this.#errorOf(error)
    }
    throw unavailable(this.path, 'it does not tell its version')
  }

  /** Idempotent. Waits for transactions under way and moves the WAL into the database file. */
  close(): Promise<void> {
    this.#closing ??= this.#lastTransaction.then(() => {
      try {
        this.#db.exec('pragma wal_checkpoint(truncate)')
      } catch {
        // Another process is reading the WAL. It stays, and the last one to close moves it.
      }
      this.#db.close()
    })
    return this.#closing
  }

  async #retrying<Result>(attempt: () => Result): Promise<Result> {
    const deadlineMs = performance.now() + this.#busyTimeoutMs
    for (;;) {
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadlineMs) throw this.#errorOf(error)
      }
      await sleep(1 + Math.random() * 10)
    }
  }

  #begin(durability: Durability): void {
    if (this.#durability !== durability) {
      this.#db.exec(`pragma synchronous = ${durability}`)
      this.#durability = durability
    }
    this.#db.exec('begin immediate')
  }

  #runTransaction<Result>(durability: Durability, work: () => Result): Result {
    this.#begin(durability)
    try {
      const result = work()
      this.#db.exec('commit')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** SQLite has rolled back by itself after some failures, such as a full disk. */
  #rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec('rollback')
  }

  #errorOf(error: unknown): Error {
    return this.#db.isOpen ? storeError(error, this.path) : this.#closedError()
  }

  #closedError(): Error {
    return unavailable(this.path, 'this store is closed; open it again')
  }
}
