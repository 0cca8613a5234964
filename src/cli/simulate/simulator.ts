/**
 * Decides logged calls as a gate would have: the windows, caps and models of production, with counters
 * in memory and a clock that goes by the log. A log does not tell how long a call ran, so each is
 * settled when it comes: calls side by side are not held against each other.
 */
import type { Charge, ConsumeOutcome, Hold } from '../../core/ports/counters.ts'
import type { Settings } from '../../core/settings.ts'
import { type Amount, NO_AMOUNT } from '../../core/spend/amount.ts'
import { monthStartMs } from '../../core/spend/month.ts'
import { addressSubject, keySubject } from '../../core/subject.ts'
import type { Tier } from '../../core/tier.ts'
import { createMemoryCounters } from '../../counters/memory/index.ts'
import { CapsBook } from '../../engine/spend/caps-book.ts'
import { createClientAddress } from '../../http/client-address.ts'
import { type CallPrices, callCost } from './call-cost.ts'
import { CallerTally } from './caller-tally.ts'
import { LogClock } from './log-clock.ts'
import type { LogEntry } from './log-entry.ts'

export interface SimulatorOptions extends CallPrices {
  readonly settings: Settings
  /** Of callers whose tier the log does not tell. */
  readonly tier: Tier
}

interface Payer {
  readonly keyId: string
  readonly owner: string
  readonly tier: string
}

export class Simulator {
  readonly callers = new Map<string, CallerTally>()
  readonly total = new CallerTally()
  /** Calls whose time is before that of one above them; they count as of the later time. */
  outOfOrder = 0
  firstMs: number | undefined
  readonly #options: SimulatorOptions
  readonly #clock = new LogClock()
  readonly #counters = createMemoryCounters({ clock: this.#clock })
  readonly #book: CapsBook | undefined
  readonly #payers = new Map<string, Payer>()
  readonly #addressOf: ReturnType<typeof createClientAddress>
  #calls = 0

  constructor(options: SimulatorOptions) {
    this.#options = options
    const { spend, tiers, http } = options.settings
    this.#book = spend === null ? undefined : new CapsBook({ settings: spend, tiers })
    this.#addressOf = createClientAddress(http)
  }

  get lastMs(): number {
    return this.#clock.wallMs()
  }

  take(entry: LogEntry): void {
    this.firstMs ??= entry.atMs
    if (!this.#clock.moveTo(entry.atMs)) this.outOfOrder += 1
    const cost = callCost(entry, this.#options)
    const refusedBy = this.#refusalOf(entry, cost)
    this.total.add(cost.microUsd, refusedBy)
    this.#tallyOf(entry.caller).add(cost.microUsd, refusedBy)
  }

  /** The name of the limit or cap, or undefined for a call that is admitted. */
  #refusalOf(entry: LogEntry, amount: Amount): string | undefined {
    const payer = this.#payerOf(entry)
    const isForeign = entry.model !== undefined && !this.#allows(payer, entry.model)
    if (isForeign) return 'model_not_allowed'
    const hold = this.#holdOf(payer, amount)
    const outcome = this.#consume(this.#chargesOf(entry, payer), hold)
    if (outcome.kind === 'refused') return outcome.limitName
    if (outcome.kind !== 'admitted') throw new Error(`counters in memory said ${outcome.kind}`)
    this.#counters.settle(outcome.receipt)
    if (hold !== undefined) {
      this.#counters.settleHold({ ...hold, atMs: outcome.receipt.atMs }, amount)
    }
    return undefined
  }

  /** What is known of nobody's spend began with the log. */
  #consume(charges: readonly Charge[], hold: Hold | undefined): ConsumeOutcome {
    const request = hold === undefined ? { charges } : { charges, hold }
    const outcome = this.#counters.consume(request)
    if (outcome.kind !== 'unseeded') return outcome
    const readAtMs = this.#counters.nowMs()
    this.#counters.seed(
      outcome.subjects.map((subject) => ({
        ...{ subject, readAtMs, minutes: [], open: [] },
        month: { ...NO_AMOUNT, startMs: monthStartMs(readAtMs) },
      })),
    )
    return this.#counters.consume(request)
  }

  #chargesOf(entry: LogEntry, payer: Payer): Charge[] {
    const { settings } = this.#options
    const limits = this.#tierOf(payer.tier).limits
    const charges: Charge[] = [{ subject: keySubject(payer.keyId), limits, cost: 1 }]
    const group = entry.address && this.#addressOf(entry.address, [])?.group
    if (settings.address !== null && group !== undefined && group !== '') {
      charges.push({ subject: addressSubject(group), limits: settings.address.limits, cost: 1 })
    }
    return charges
  }

  #holdOf(payer: Payer, amount: Amount): Hold | undefined {
    const charges = this.#book?.chargesOf(payer) ?? []
    if (charges.length === 0) return undefined
    this.#calls += 1
    return { id: String(this.#calls), amount, charges, seededSinceMs: 0 }
  }

  #allows(payer: Payer, model: string): boolean {
    return this.#book?.policyOf(payer).allowsModel(model) ?? true
  }

  /** The same object for the same caller: the caps of one are worked out once. */
  #payerOf({ caller, tier }: LogEntry): Payer {
    const { settings, tier: byDefault } = this.#options
    const name = tier !== undefined && settings.tiers.has(tier) ? tier : byDefault.name
    const known = this.#payers.get(caller)
    if (known?.tier === name) return known
    const payer = { keyId: caller, owner: caller, tier: name }
    this.#payers.set(caller, payer)
    return payer
  }

  #tierOf(name: string): Tier {
    return this.#options.settings.tiers.get(name) ?? this.#options.tier
  }

  #tallyOf(caller: string): CallerTally {
    const known = this.callers.get(caller)
    if (known !== undefined) return known
    const tally = new CallerTally()
    this.callers.set(caller, tally)
    return tally
  }
}
