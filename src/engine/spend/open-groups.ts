/**
 * Opens reservations in the ledger, many at once: all that came in one turn of the event loop are one
 * write, and while it is written the next group gathers.
 *
 * Nobody waits longer than the deadline. A group that is given up before it was sent is never written;
 * one that is given up later may be, and is then handed to `onLate`, to be given back.
 */
import { LockgateError } from '../../core/errors.ts'
import type { TakenHold } from '../../core/ports/counters.ts'
import type { Ledger, SpendReservation } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { LedgerUnavailableError } from './ledger-unavailable.ts'

/** A call that costs money takes seconds; a database that is busy for a moment is no reason to refuse it. */
const DEADLINE_MS = 500
/** Earlier costs are written by themselves within so long; a server that is slower is not waited for. */
const EARLIER_COSTS_MS = 25
/** More in one write would keep a synchronous store from answering anyone for too long. */
const MAX_GROUP = 500
/** A write that was given up may hang until its connection ends; so many may. */
const MAX_WRITES = 4

export interface OpenGroupsParts {
  readonly ledger: Pick<Ledger, 'openSpend'>
  /** Writes what earlier calls have cost; undefined where all of it is written. It is tried, no more. */
  readonly earlierCosts: () => Promise<void> | undefined
  readonly log: Logger
  /** What was given up has been written after all, or may have been. */
  readonly onLate: (hold: TakenHold) => void
}

interface Opening {
  readonly hold: TakenHold
  readonly reservation: SpendReservation
}

export class OpenGroups {
  readonly #parts: OpenGroupsParts
  readonly #waiting: Group[] = []
  #writes = 0
  /** A write is under way that is not given up. */
  #current: Group | undefined
  #scheduled = false
  #fails = false

  constructor(parts: OpenGroupsParts) {
    this.#parts = parts
  }

  /** Resolves once it is durable; rejects with a `LedgerUnavailableError`. */
  open(hold: TakenHold, reservation: SpendReservation): Promise<void> {
    const newest = this.#waiting.at(-1)
    const hasRoom = newest !== undefined && newest.openings.length < MAX_GROUP
    const group = hasRoom ? newest : this.#gather()
    group.openings.push({ hold, reservation })
    this.#schedule()
    return group.opened
  }

  #gather(): Group {
    const group = new Group((given) => this.#giveUp(given))
    this.#waiting.push(group)
    return group
  }

  #schedule(): void {
    if (this.#scheduled || this.#current !== undefined || this.#writes >= MAX_WRITES) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#writeNext()
    })
  }

  /** Never rejects. */
  async #writeNext(): Promise<void> {
    const group = this.#waiting.shift()
    if (group === undefined) return
    this.#current = group
    this.#writes += 1
    try {
      // Room that an earlier call gave back is used in the ledger only after it was given back there.
      const earlier = this.#parts.earlierCosts()
      if (earlier !== undefined) await forAWhile(earlier)
      await this.#parts.ledger.openSpend(group.openings.map(({ reservation }) => reservation))
      this.#fails = false
      if (!group.succeed()) for (const { hold } of group.openings) this.#parts.onLate(hold)
    } catch (error) {
      this.#failed(error)
      group.fail(new LedgerUnavailableError('the ledger cannot be written', { cause: error }))
      // A connection that broke leaves it open whether the rows are there; what is not changes nothing.
      if (!isTaken(error)) for (const { hold } of group.openings) this.#parts.onLate(hold)
    }
    this.#writes -= 1
    this.#proceed(group)
  }

  #giveUp(group: Group): void {
    const index = this.#waiting.indexOf(group)
    if (index >= 0) this.#waiting.splice(index, 1)
    const error = new LedgerUnavailableError(`the ledger did not answer within ${DEADLINE_MS} ms`)
    this.#failed(error)
    group.fail(error)
    this.#proceed(group)
  }

  #proceed(group: Group): void {
    if (this.#current === group) this.#current = undefined
    if (this.#waiting.length > 0) this.#schedule()
  }

  /** Said once, not for each group. */
  #failed(error: unknown): void {
    if (!this.#fails) {
      this.#parts.log.error({ err: error }, 'the ledger failed: what costs money is refused')
    }
    this.#fails = true
  }
}

/** Fulfils when `work` is over, whatever came of it, or its time is. */
async function forAWhile(work: Promise<void>): Promise<void> {
  const failed = (): undefined => undefined
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, EARLIER_COSTS_MS).unref()
    void work.catch(failed).then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** An id that was used before is the row of another call. */
const isTaken = (error: unknown): boolean =>
  error instanceof LockgateError && error.code === 'conflict'

class Group {
  readonly openings: Opening[] = []
  readonly opened: Promise<void>
  readonly #timer: NodeJS.Timeout
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}
  #isOver = false

  constructor(onDeadline: (group: Group) => void) {
    this.opened = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // An answer that came while this process was busy is read before `setImmediate`.
    const look = () => setImmediate(() => this.#isOver || onDeadline(this))
    this.#timer = setTimeout(look, DEADLINE_MS).unref()
  }

  /** False where it was given up. */
  succeed(): boolean {
    if (this.#isOver) return false
    this.#end()
    this.#resolve()
    return true
  }

  fail(error: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}
