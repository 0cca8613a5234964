/**
 * Reads and write transactions on a pool, with deadlines that count from the call.
 *
 * Concurrency: changes of one store happen in the order in which they were asked for, one at a time:
 * they would only wait for each other in the server, each holding a connection. Checkpoints of usage
 * and work on mail have a line of their own, so that they never keep a revocation waiting. Reads and
 * single statements need no line.
 *
 * Failure: nothing hangs, and nothing is repeated that may have happened. A transaction is repeated
 * when another one was in its way, and once when its connection broke before COMMIT was sent, or when
 * it is certain that its COMMIT did not take place. A single statement is one that can tell.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { borrow, ignoreError } from './borrow.ts'
import { Deadline } from './deadline.ts'
import {
  ConnectionLostError,
  closedError,
  DeadlineError,
  hasCollided,
  storeError,
  unanswered,
  uncertain,
} from './failure.ts'
import { Ordered } from './ordered.ts'
import type { PostgresPool } from './pool.ts'
import type { Session } from './session.ts'
import type { Sql } from './sql.ts'
import { Transaction } from './transaction.ts'

const MAX_COLLISIONS = 10
const MAX_LOST = 1
/** For asking whether a lost COMMIT took place, when less is left than this. */
const ASKING_MS = 2000
const MAX_ASKING_MS = 10_000

export interface DatabaseOptions {
  readonly pool: PostgresPool
  /** Host, port and database, for messages. */
  readonly place: string
  readonly sql: Sql
  readonly readDeadlineMs: number
  readonly writeDeadlineMs: number
}

type Work<Result> = (session: Session) => Promise<Result>

export class Database {
  readonly #options: DatabaseOptions
  readonly #changes = new Ordered()
  readonly #checkpoints = new Ordered()
  /** Reads and statements. */
  readonly #unordered = new Set<Promise<unknown>>()
  #closing = false

  constructor(options: DatabaseOptions) {
    this.#options = options
    // An idle connection that breaks is no failure of anything; the pool has dropped it by now.
    options.pool.on('error', ignoreError)
  }

  /** Runs `work`, which only reads. Twice when the connection breaks: it may have been an old one. */
  async read<Result>(work: Work<Result>): Promise<Result> {
    this.#refuseClosed()
    const deadline = new Deadline(this.#options.readDeadlineMs)
    const result = this.#borrow(deadline, work).catch((error) => {
      if (!(error instanceof ConnectionLostError)) throw error
      return this.#borrow(deadline, work)
    })
    return this.#named(() => this.#noting(result))
  }

  /**
   * Runs `work`, one statement that is atomic by itself, at once: no transaction, no receipt, one trip.
   * It must bear to be run again, because its answer may have been lost.
   */
  async statement<Result>(work: Work<Result>): Promise<Result> {
    this.#refuseClosed()
    const deadline = new Deadline(this.#options.writeDeadlineMs)
    try {
      return await this.#noting(this.#repeating(() => this.#borrow(deadline, work), deadline))
    } catch (error) {
      const { place } = this.#options
      const isLost = error instanceof ConnectionLostError || error instanceof DeadlineError
      throw isLost ? unanswered(place, error) : storeError(error, place)
    }
  }

  /** Runs `work` as one transaction, after the changes that were asked for before. */
  async change<Result>(work: Work<Result>): Promise<Result> {
    return this.#write(this.#changes, work)
  }

  /** The same, after the checkpoints that were asked for before. */
  async checkpoint<Result>(work: Work<Result>): Promise<Result> {
    return this.#write(this.#checkpoints, work)
  }

  /** A change that may take any time and is never repeated. */
  async longChange(work: Work<void>): Promise<void> {
    this.#refuseClosed()
    const deadline = new Deadline(Number.POSITIVE_INFINITY)
    await this.#changes.run(() => this.#named(() => this.#attempt(work, deadline)))
  }

  /** Waits for all that was asked before, then runs `last` as well as it can. Nothing follows. */
  async close(last: Work<void>): Promise<void> {
    this.#closing = true
    await Promise.allSettled([this.#changes.idle(), this.#checkpoints.idle(), ...this.#unordered])
    const deadline = new Deadline(this.#options.readDeadlineMs)
    await this.#borrow(deadline, last).catch(ignoreError)
    this.#options.pool.off('error', ignoreError)
  }

  async #write<Result>(line: Ordered, work: Work<Result>): Promise<Result> {
    this.#refuseClosed()
    const deadline = new Deadline(this.#options.writeDeadlineMs)
    const attempt = () => this.#attempt(work, deadline)
    return line.run(() => this.#named(() => this.#repeating(attempt, deadline)))
  }

  /** So that closing waits for it. */
  async #noting<Result>(result: Promise<Result>): Promise<Result> {
    this.#unordered.add(result)
    try {
      return await result
    } finally {
      this.#unordered.delete(result)
    }
  }

  async #repeating<Result>(attempt: () => Promise<Result>, deadline: Deadline): Promise<Result> {
    for (let collisions = 0, lost = 0; ; ) {
      try {
        return await attempt()
      } catch (error) {
        if (hasCollided(error)) collisions++
        else if (error instanceof ConnectionLostError) lost++
        else throw error
        if (collisions > MAX_COLLISIONS || lost > MAX_LOST || deadline.passed) throw error
      }
      await sleep(1 + Math.random() * 20)
    }
  }

  async #attempt<Result>(work: Work<Result>, deadline: Deadline): Promise<Result> {
    const transaction = new Transaction(this.#options.sql, work)
    try {
      return await this.#borrow(deadline, (session) => transaction.run(session, deadline))
    } catch (error) {
      const committing = transaction.abandon()
      if (committing === undefined) throw error
      if (await this.#tookPlace(transaction, error, deadline.remainingMs)) return committing.result
      throw error
    }
  }

  /** Asks again and again, because the server may be starting; throws when it cannot be known. */
  async #tookPlace(
    transaction: Transaction<unknown>,
    cause: unknown,
    remainingMs: number,
  ): Promise<boolean> {
    const deadline = new Deadline(Math.min(Math.max(remainingMs, ASKING_MS), MAX_ASKING_MS))
    for (;;) {
      try {
        return await this.#borrow(deadline, (session) => transaction.tookPlace(session))
      } catch {
        if (deadline.passed) throw uncertain(this.#options.place, cause)
      }
      await sleep(10 + Math.random() * 40)
    }
  }

  #borrow<Result>(deadline: Deadline, work: Work<Result>): Promise<Result> {
    return borrow(this.#options.pool, deadline, work)
  }

  async #named<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw storeError(error, this.#options.place)
    }
  }

  #refuseClosed(): void {
    if (this.#closing) throw closedError(this.#options.place)
  }
}
