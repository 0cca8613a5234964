/**
 * Counters in the memory of one process: limits in one book, spend in another.
 *
 * Synchronous, so every call is atomic: it looks at all charges and all caps, and only when all of
 * them fit does it take them. Time is the injected monotonic clock, and never goes back whatever the
 * clock says. There are no timers. Bounded: see `limit-book.ts` and `spend-book.ts`.
 */
import { checkActualCosts } from '../../core/limits/charge-check.ts'
import { refusalOf } from '../../core/limits/refusal.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type {
  CapStatus,
  Charge,
  CheckpointedCounters,
  ConsumeOutcome,
  ConsumeRequest,
  Hold,
  LimitsOutcome,
  Receipt,
  SpendCharge,
  SpendSeed,
  StaleKey,
  TakenHold,
  UsageDelta,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { checkAmount, checkHold } from '../../core/spend/hold-check.ts'
import { KeyVersions } from './key-versions.ts'
import { LimitBook, looksAt, statusesOf } from './limit-book.ts'
import { MemoryReceipt } from './receipt.ts'
import { SpendBook } from './spend-book.ts'
import type { Subject } from './subject.ts'

export interface MemoryCountersOptions {
  readonly clock: Clock
  /** Addresses remembered at most, and as many again with bad credentials. Default 200,000. */
  readonly maxAddresses?: number
  /** Keys remembered at most, and as many routes of keys. Default 1,000,000. */
  readonly maxKeys?: number
  /** Changed keys whose version is remembered. Default 100,000. */
  readonly maxKeyVersions?: number
  /** Keys, owners and tiers whose spend is remembered. Default 100,000. */
  readonly maxSpenders?: number
}

/** Counters in memory whose answers never have to be awaited. */
export interface MemoryCounters extends CheckpointedCounters {
  /** Subjects that are remembered now. */
  readonly tracked: number
  consume(request: ConsumeRequest): ConsumeOutcome
  peek(request: ConsumeRequest): LimitsOutcome
  settle(receipt: Receipt, actualCosts?: readonly number[]): void
  setKeyVersion(keyId: string, version: number): void
  nowMs(): number
  seed(seeds: readonly SpendSeed[]): void
  settleHold(hold: TakenHold, actual: Amount): void
  spendStatus(charges: readonly SpendCharge[]): readonly (readonly CapStatus[])[]
  close(): void
}

/**
 * Counters that live in this process.
 *
 * ```ts
 * const counters = createMemoryCounters({ clock })
 * counters.consume({ charges: [{ subject: keySubject('7Hq2mZ9x'), limits: tier.limits, cost: 1 }] })
 * ```
 */
export function createMemoryCounters(options: MemoryCountersOptions): MemoryCounters {
  return new InMemoryCounters(options)
}

class InMemoryCounters implements MemoryCounters {
  readonly #clock: Clock
  readonly #versions: KeyVersions
  readonly #limits: LimitBook
  readonly #spend: SpendBook
  #latestMs = 0

  constructor(options: MemoryCountersOptions) {
    const { clock, maxAddresses = 200_000, maxKeys = 1_000_000, maxKeyVersions = 100_000 } = options
    this.#clock = clock
    this.#versions = new KeyVersions(maxKeyVersions)
    this.#limits = new LimitBook(maxKeys, maxAddresses)
    this.#spend = new SpendBook(options.maxSpenders ?? 100_000)
  }

  get tracked(): number {
    return this.#limits.count + this.#spend.count
  }

  consume(request: ConsumeRequest): ConsumeOutcome {
    const { charges, hold } = request
    const stale = this.#staleKey(request)
    if (stale !== undefined) return stale
    if (hold !== undefined) {
      checkHold(hold)
      const subjects = this.#spend.unseeded(hold)
      if (subjects.length > 0) return { kind: 'unseeded', subjects }
    }
    return this.#decide(charges, hold, true)
  }

  peek(request: ConsumeRequest): LimitsOutcome {
    return this.#staleKey(request) ?? this.#decide(request.charges, undefined, false)
  }

  settle(receipt: Receipt, actualCosts?: readonly number[]): void {
    if (!(receipt instanceof MemoryReceipt) || receipt.settled) return
    if (actualCosts !== undefined) checkActualCosts(receipt.charges, actualCosts)
    receipt.settled = true
    this.#limits.settle(receipt, actualCosts, this.nowMs())
  }

  setKeyVersion(keyId: string, version: number): void {
    this.#versions.set(keyId, version)
  }

  /** Whole ms; stands still where the clock goes back. */
  nowMs(): number {
    const clockMs = Math.floor(this.#clock.monotonicMs())
    if (clockMs > this.#latestMs) this.#latestMs = clockMs
    return this.#latestMs
  }

  seed(seeds: readonly SpendSeed[]): void {
    this.#spend.seed(seeds, this.nowMs())
  }

  settleHold(hold: TakenHold, actual: Amount): void {
    checkAmount(actual)
    this.#spend.settle(hold, actual, this.nowMs())
  }

  spendStatus(charges: readonly SpendCharge[]): readonly (readonly CapStatus[])[] {
    return this.#spend.status(charges, this.nowMs())
  }

  takeUsage(): UsageDelta[] {
    return this.#limits.takeUsage(this.nowMs())
  }

  restoreUsage(usage: Iterable<UsageDelta>): void {
    this.#limits.restoreUsage(usage, this.nowMs())
  }

  close(): void {
    this.#limits.clear()
    this.#spend.clear()
    this.#versions.clear()
  }

  #staleKey({ key }: ConsumeRequest): StaleKey | undefined {
    if (key === undefined) return undefined
    const version = this.#versions.newerThan(key.keyId, key.version)
    return version === undefined ? undefined : { kind: 'stale-key', version }
  }

  #decide(charges: readonly Charge[], hold: Hold | undefined, charging: boolean): LimitsOutcome {
    const nowMs = this.nowMs()
    const subjects: Subject[] = []
    const limitsFit = this.#limits.find(charges, subjects, nowMs)
    if (!limitsFit || (hold !== undefined && !this.#spend.fits(hold, nowMs))) {
      const caps = hold && this.#spend.looksAt(hold, nowMs)
      return refusalOf(looksAt(charges, subjects, nowMs), statusesOf(subjects, nowMs), caps)
    }
    const receipt = new MemoryReceipt(nowMs, charges, subjects)
    if (charging) {
      this.#limits.take(receipt)
      if (hold !== undefined) this.#spend.take(hold, nowMs)
    } else receipt.settled = true
    return { kind: 'admitted', receipt, limits: statusesOf(subjects, nowMs) }
  }
}
