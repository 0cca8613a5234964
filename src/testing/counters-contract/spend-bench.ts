/** What the cases about spend are written with: two subjects, holds on them, seeds of them. */
import type {
  ConsumeOutcome,
  Hold,
  Refused,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import { type Amount, NO_AMOUNT } from '../../core/spend/amount.ts'
import type { SpendCap, SpendUnit, SpendWindow } from '../../core/spend/caps.ts'
import { spendSubject } from '../../core/subject.ts'
import type { Bench, Case } from './bench.ts'

export const SECOND_MS = 1000
export const DAY_MS = 86_400_000

export const KEY = spendSubject({ kind: 'key', id: '7Hq2mZ9x' })
export const ACCOUNT = spendSubject({ kind: 'account', id: '' })

export const usd = (microUsd: number): Amount => ({ microUsd, tokens: 0 })
export const tokens = (count: number): Amount => ({ microUsd: 0, tokens: count })

export const cap = (
  window: SpendWindow,
  quota: number,
  unit: SpendUnit = 'micro_usd',
  name = `${unit === 'tokens' ? 'tokens' : 'spend'}_${window}`,
): SpendCap => ({ name, unit, window, quota })

export const on = (subject: string, ...caps: readonly SpendCap[]): SpendCharge => ({
  subject,
  caps,
})

/** Start of the calendar month of a time, in UTC; `later` months after it. */
export function monthStartMs(atMs: number, later = 0): number {
  const at = new Date(atMs)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later)
}

/** A bench whose two subjects are seeded with nothing. */
export class SpendBench {
  readonly #bench: Bench
  readonly counters: Bench['counters']
  #holds = 0

  constructor(bench: Bench) {
    this.#bench = bench
    this.counters = bench.counters
  }

  wait(ms: number): Promise<void> {
    return this.#bench.wait(ms)
  }

  /** Lets time pass until `afterMs` after the next start of a span of `spanMs`. */
  async waitUntilAfter(spanMs: number, afterMs: number): Promise<void> {
    const nowMs = await this.nowMs()
    await this.wait(spanMs - (nowMs % spanMs) + afterMs)
  }

  async nowMs(): Promise<number> {
    return await this.counters.nowMs()
  }

  async seedOf(subject: string, known: Partial<SpendSeed> = {}): Promise<SpendSeed> {
    const readAtMs = await this.nowMs()
    const month = { startMs: monthStartMs(readAtMs), ...NO_AMOUNT }
    return { subject, readAtMs, minutes: [], month, open: [], ...known }
  }

  async seed(subject: string, known: Partial<SpendSeed> = {}): Promise<void> {
    await this.counters.seed([await this.seedOf(subject, known)])
  }

  hold(amount: Amount, ...charges: readonly SpendCharge[]): Hold {
    this.#holds += 1
    return { id: `hold-${this.#holds}`, amount, charges, seededSinceMs: 0 }
  }

  async take(amount: Amount, ...charges: readonly SpendCharge[]): Promise<ConsumeOutcome> {
    return await this.counters.consume({ charges: [], hold: this.hold(amount, ...charges) })
  }

  async takes(amount: Amount, ...charges: readonly SpendCharge[]): Promise<boolean> {
    return (await this.take(amount, ...charges)).kind === 'admitted'
  }

  /** A hold that must be taken, as `settleHold` wants it. */
  async taken(amount: Amount, ...charges: readonly SpendCharge[]): Promise<TakenHold> {
    const hold = this.hold(amount, ...charges)
    const outcome = await this.counters.consume({ charges: [], hold })
    if (outcome.kind !== 'admitted') throw new Error(`expected a hold, got ${outcome.kind}`)
    return { id: hold.id, atMs: outcome.receipt.atMs, charges }
  }

  async refusal(amount: Amount, ...charges: readonly SpendCharge[]): Promise<Refused> {
    const outcome = await this.take(amount, ...charges)
    if (outcome.kind !== 'refused') throw new Error(`expected a refusal, got ${outcome.kind}`)
    return outcome
  }

  /** What is used of each cap of one subject. */
  async used(subject: string, ...caps: readonly SpendCap[]): Promise<readonly number[]> {
    const [statuses = []] = await this.counters.spendStatus([on(subject, ...caps)])
    return statuses.map((status) => status.used)
  }
}

/** A case over a key and the account, both seeded with nothing. */
export const seeded =
  (body: (bench: SpendBench) => Promise<void>): Case =>
  async (bench) => {
    const spend = new SpendBench(bench)
    await spend.counters.seed([await spend.seedOf(KEY), await spend.seedOf(ACCOUNT)])
    await body(spend)
  }

/** A case that seeds by itself. */
export const unseeded =
  (body: (bench: SpendBench) => Promise<void>): Case =>
  (bench) =>
    body(new SpendBench(bench))
