/**
 * Tells counters what the ledger knows of a subject. Callers of one subject share a read.
 *
 * What was read is handed over soon or not at all: a call that is settled in between is open in it, and
 * counters remember for a few seconds only that they were told its cost.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { SpendCounters } from '../../core/ports/counters.ts'
import type { Ledger } from '../../core/ports/ledger.ts'
import { BoundedMap } from '../bounded-map.ts'
import { within } from '../outage/shared-calls.ts'
import { LedgerUnavailableError } from './ledger-unavailable.ts'
import { scopeOf } from './scopes.ts'
import type { Trust } from './trust.ts'

/** A read that took longer is not handed over. */
export const STALE_READ_MS = 2_000
/** No call waits longer for it; the read goes on, for the next one. */
const MAX_WAIT_MS = 1_000
const MAX_REMEMBERED = 100_000

export interface SeederParts {
  readonly ledger: Pick<Ledger, 'seedSpend'>
  readonly counters: SpendCounters
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly trust: Trust
}

export class Seeder {
  readonly #parts: SeederParts
  readonly #reading = new Map<string, Promise<void>>()
  /** When each was last seeded here, in counters' time. */
  readonly #seededAtMs = new BoundedMap<string, number>(MAX_REMEMBERED)

  constructor(parts: SeederParts) {
    this.#parts = parts
  }

  /** Rejects where the ledger or the counters fail, or take too long. */
  async seed(subjects: readonly string[]): Promise<void> {
    await within(MAX_WAIT_MS, () => Promise.all(subjects.map((subject) => this.#shared(subject))))
  }

  /** Seeds those of which this process does not know that the counters know them. */
  async ensure(subjects: readonly string[]): Promise<void> {
    const sinceMs = await this.#parts.trust.since()
    await this.seed(subjects.filter((subject) => (this.#seededAtMs.get(subject) ?? -1) < sinceMs))
  }

  #shared(subject: string): Promise<void> {
    const running = this.#reading.get(subject)
    if (running !== undefined) return running
    const reading = this.#read(subject).finally(() => this.#reading.delete(subject))
    this.#reading.set(subject, reading)
    return reading
  }

  async #read(subject: string): Promise<void> {
    const { ledger, counters, clock, trust } = this.#parts
    const waitMs = trust.waitMs()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref())
    const readAtMs = await counters.nowMs()
    const beganAtMs = clock.monotonicMs()
    const known = await ledger.seedSpend(scopeOf(subject), readAtMs).catch((cause: unknown) => {
      throw new LedgerUnavailableError('what was spent cannot be read', { cause })
    })
    const tookMs = clock.monotonicMs() - beganAtMs
    trust.readTook(tookMs)
    if (tookMs > STALE_READ_MS) {
      throw new LedgerUnavailableError(`what was spent took ${tookMs} ms to read`)
    }
    await counters.seed([{ subject, readAtMs, ...known }])
    this.#seededAtMs.set(subject, readAtMs)
  }
}
