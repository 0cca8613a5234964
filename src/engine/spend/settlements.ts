/**
 * What calls have cost: told to the counters at once, and to the ledger in batches, some 25 ms later or
 * before the next call is opened there. A crash before that charges the worst case, which is the safe side.
 *
 * What the ledger does not take is kept and tried again. Beyond `MAX_DUE` the oldest are let go of:
 * their leases run out, and they are charged in full. So money is never forgotten.
 *
 * The counters remember what they were told for some seconds, because whoever reads the ledger meanwhile
 * finds the call still open. Where the ledger took longer, or the counters could not be told, they are
 * told again later (`retold.ts`). Where a lease had run out, the call may have been charged in full and
 * the counters may have let go of its hold: then they read the ledger anew.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { SpendCounters, TakenHold } from '../../core/ports/counters.ts'
import type { Ledger, SpendSettlement } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Leases } from './leases.ts'
import { Retold } from './retold.ts'

const BATCH_MS = 25
const MAX_BATCH = 500
const MAX_DUE = 100_000
/** Shorter than counters remember what they were told. */
const LATE_MS = 2_000

export interface SettlementsParts {
  readonly ledger: Pick<Ledger, 'settleSpend'>
  readonly counters: Pick<SpendCounters, 'settleHold'>
  readonly leases: Pick<Leases, 'release'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Logger
  /** The ledger knows more of these subjects than the counters. */
  readonly reread: (subjects: readonly string[]) => Promise<void>
}

interface Due {
  readonly hold: TakenHold
  readonly settlement: SpendSettlement
  readonly sinceMs: number
}

export class Settlements {
  readonly #parts: SettlementsParts
  readonly #due = new Map<string, Due>()
  readonly #retold: Retold
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #fails = false

  constructor(parts: SettlementsParts) {
    this.#parts = parts
    this.#retold = new Retold(parts.counters, parts.clock)
  }

  /** Never throws. */
  settle(hold: TakenHold, settlement: SpendSettlement): void {
    this.#tell(hold, settlement)
    if (this.#due.size >= MAX_DUE) this.#letGoOfOldest()
    const sinceMs = this.#parts.clock.monotonicMs()
    this.#due.set(hold.id, { hold, settlement, sinceMs })
    if (!this.#fails) this.#timer ??= setTimeout(() => this.#tick(), BATCH_MS).unref()
  }

  /** Writes what is due, after any write that is under way. Rejects when the ledger failed. */
  flush(): Promise<void> {
    const written = this.#writing.then(() => this.#write())
    this.#writing = written.catch(() => undefined)
    return written
  }

  /** As `flush`; undefined where nothing is due. */
  flushDue(): Promise<void> | undefined {
    return this.#due.size === 0 ? undefined : this.flush()
  }

  /** Tells the counters again where that is due. Rejects when they failed. */
  retell(): Promise<void> {
    return this.#retold.run()
  }

  #tick(): void {
    this.#timer = undefined
    this.flush().catch(() => undefined)
  }

  #tell(hold: TakenHold, { amount }: SpendSettlement): void {
    if (hold.charges.length === 0) return
    const failed = (error: unknown): void => {
      this.#parts.log.debug({ err: error }, 'the counters are told later what a call has cost')
      this.#retold.add(hold, amount)
    }
    try {
      const told = this.#parts.counters.settleHold(hold, amount)
      if (told instanceof Promise) told.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Only what is due now: what comes meanwhile has a write of its own, or this one might never end. */
  async #write(): Promise<void> {
    let left = this.#due.size
    while (left > 0 && this.#due.size > 0) {
      const batch = this.#oldest(Math.min(left, MAX_BATCH))
      left -= batch.length
      await this.#settleAll(batch.map(({ settlement }) => settlement))
      const nowMs = this.#parts.clock.monotonicMs()
      for (const { hold, settlement, sinceMs } of batch) {
        this.#due.delete(hold.id)
        if (!this.#parts.leases.release(hold.id)) this.#reread(hold)
        if (nowMs - sinceMs > LATE_MS) this.#retold.add(hold, settlement.amount)
      }
    }
  }

  #reread({ charges }: TakenHold): void {
    this.#parts.reread(charges.map(({ subject }) => subject)).catch((error: unknown) => {
      this.#parts.log.debug({ err: error }, 'what came late is counted in full for a while')
    })
  }

  #oldest(count: number): Due[] {
    const batch: Due[] = []
    for (const due of this.#due.values()) {
      if (batch.length === count) break
      batch.push(due)
    }
    return batch
  }

  async #settleAll(settlements: readonly SpendSettlement[]): Promise<void> {
    try {
      await this.#parts.ledger.settleSpend(settlements)
      this.#fails = false
    } catch (error) {
      if (!this.#fails) {
        this.#parts.log.error({ err: error }, 'costs could not be saved; it will be tried again')
      }
      this.#fails = true
      throw error
    }
  }

  #letGoOfOldest(): void {
    const [oldest] = this.#due.keys()
    if (oldest === undefined) return
    this.#due.delete(oldest)
    this.#parts.leases.release(oldest)
  }
}
