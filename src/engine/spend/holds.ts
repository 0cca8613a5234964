/**
 * Takes what a call may cost at most: from every cap that holds for its key, in the same step as its
 * request limits, and then in the ledger. Only then may the call be made.
 *
 * Counters that know nothing of a subject (after a start, a flush, a failover) are told what the ledger
 * knows, and asked again. Where the ledger does not take the reservation in time, everything is given
 * back: hold, limits, and the row, should it have been written after all.
 */
import { randomId } from '../../core/crypto.ts'
import type { Denied, Reservation } from '../../core/decision.ts'
import { LockgateError } from '../../core/errors.ts'
import type {
  Admitted,
  ConsumeRequest,
  Counters,
  Hold,
  LimitsOutcome,
  Receipt,
  Refused,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Ledger, SpendReservation } from '../../core/ports/ledger.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { NO_AMOUNT, NO_USAGE } from '../../core/spend/amount.ts'
import { spendSubject } from '../../core/subject.ts'
import type { SpendIntent } from '../gate.ts'
import { NO_LIMITS } from '../refusals.ts'
import type { CapsBook } from './caps-book.ts'
import type { Leases } from './leases.ts'
import { LedgerUnavailableError } from './ledger-unavailable.ts'
import type { ModelNames } from './model-names.ts'
import { OpenGroups } from './open-groups.ts'
import { type HeldPart, HeldReservation, isAmount } from './reservation.ts'
import { type Payer, scopesOf } from './scopes.ts'
import type { Seeder } from './seeder.ts'
import type { Settlements } from './settlements.ts'
import type { Trust } from './trust.ts'

/** Each time something else made the counters forget; more is not chance. */
const MAX_SEEDS = 3
/** With a number behind it: unique for good. */
const PREFIX_LENGTH = 12

/** What is charged in the same step. */
export type BesideHold = Pick<ConsumeRequest, 'charges' | 'key'>
export type TakeOutcome =
  | (Admitted & { readonly reservation: Reservation })
  | Exclude<LimitsOutcome, Admitted>

const NOTHING: BesideHold = Object.freeze({ charges: [] })

export interface HoldsParts {
  readonly ledger: Pick<Ledger, 'openSpend'>
  readonly counters: Counters
  readonly caps: CapsBook
  readonly trust: Trust
  readonly seeder: Seeder
  readonly leases: Leases
  readonly settlements: Settlements
  readonly names: ModelNames
  readonly log: Logger
}

export class Holds {
  readonly #parts: HoldsParts
  readonly #groups: OpenGroups
  readonly #prefix = randomId(PREFIX_LENGTH)
  #taken = 0

  constructor(parts: HoldsParts) {
    this.#parts = parts
    const { ledger, log, settlements } = parts
    this.#groups = new OpenGroups({
      ...{ ledger, log },
      earlierCosts: () => settlements.flushDue(),
      onLate: (hold) => this.#giveBackRow(hold),
    })
  }

  /** Rejects where counters or ledger cannot tell; then nothing is taken. */
  async take(
    payer: Payer,
    intent: SpendIntent,
    beside: BesideHold = NOTHING,
  ): Promise<TakeOutcome> {
    const taken = await this.#takePart(payer, intent, beside)
    if (taken.kind !== 'admitted') return taken
    const { part, ...admitted } = taken
    const { settlements, leases, log } = this.#parts
    const reservation = new HeldReservation(part, {
      more: async (amount) => {
        const more = await this.#takePart(payer, { ...intent, amount }, NOTHING)
        return more.kind === 'admitted' ? more.part : undefined
      },
      settle: (hold, settlement) => settlements.settle(this.#asCountedNow(payer, hold), settlement),
      ...{ leases, log },
    })
    return { ...admitted, reservation }
  }

  /** The refusal of a call whose model the key may not ask for; undefined where it may. */
  deniedModel({ keyId, tier }: Payer, { model }: SpendIntent): Denied | undefined {
    if (model === null) return undefined
    if (this.#parts.caps.policyOf({ keyId, tier }).allowsModel(model)) return undefined
    return { allowed: false, code: 'model_not_allowed', keyId, limits: NO_LIMITS }
  }

  /** Whether the cap that refused counts dollars or tokens. */
  codeOf(payer: Payer, { limitName }: Refused): 'spend_exceeded' | 'rate_limited' {
    const caps = this.#parts.caps.chargesOf(payer).flatMap((charge) => charge.caps)
    const unit = caps.find(({ name }) => name === limitName)?.unit
    return unit === 'tokens' ? 'rate_limited' : 'spend_exceeded'
  }

  /** Where caps have changed, the ledger may have told more scopes of the hold than it was taken from. */
  #asCountedNow(payer: Payer, hold: TakenHold): TakenHold {
    if (this.#parts.caps.chargesOf(payer) === hold.charges) return hold
    return { ...hold, charges: scopesOf(payer).map((scope) => ({ subject: spendSubject(scope) })) }
  }

  async #takePart(
    payer: Payer,
    { model, amount }: SpendIntent,
    beside: BesideHold,
  ): Promise<(Admitted & { readonly part: HeldPart }) | Exclude<LimitsOutcome, Admitted>> {
    if (!isAmount(amount)) {
      const problem = 'spend.amount must hold whole numbers of at least 0'
      throw new LockgateError('invalid_field', problem)
    }
    const about = { keyId: payer.keyId, model: this.#parts.names.nameOf(model), amount }
    const charges = this.#parts.caps.chargesOf(payer)
    this.#taken += 1
    const id = `${this.#prefix}${this.#taken.toString(36)}`
    const outcome = await this.#consume(beside, { id, amount, charges })
    if (outcome.kind !== 'admitted') return outcome
    const hold: TakenHold = { id, atMs: outcome.receipt.atMs, charges }
    await this.#open(hold, outcome.receipt, about)
    return { ...outcome, part: { hold, amount } }
  }

  async #consume(beside: BesideHold, hold: Omit<Hold, 'seededSinceMs'>): Promise<LimitsOutcome> {
    const { counters, trust, seeder } = this.#parts
    const isCapped = hold.charges.length > 0
    for (let seeds = 0; seeds <= MAX_SEEDS; seeds += 1) {
      const request = isCapped
        ? { ...beside, hold: { ...hold, seededSinceMs: await trust.since() } }
        : beside
      const outcome = await counters.consume(request)
      if (outcome.kind !== 'unseeded') return outcome
      await seeder.seed(outcome.subjects)
    }
    throw new LedgerUnavailableError('the counters keep forgetting what was spent')
  }

  async #open(
    hold: TakenHold,
    receipt: Receipt,
    about: Pick<SpendReservation, 'keyId' | 'model' | 'amount'>,
  ): Promise<void> {
    const { leases } = this.#parts
    const { id, atMs } = hold
    try {
      await this.#groups.open(hold, { ...about, id, atMs, leaseUntilMs: leases.endMs() })
    } catch (error) {
      await this.#giveBack(hold, receipt)
      throw error
    }
    leases.keep(id)
  }

  /** Never rejects. What the counters do not take back now, they learn when they are seeded anew. */
  async #giveBack(hold: TakenHold, receipt: Receipt): Promise<void> {
    const { counters, log } = this.#parts
    const noCosts = receipt.charges.map(() => 0)
    const told = await Promise.allSettled([
      attempt(() => counters.settle(receipt, noCosts)),
      attempt(() => hold.charges.length > 0 && counters.settleHold(hold, NO_AMOUNT)),
    ])
    for (const answer of told) {
      if (answer.status === 'rejected') {
        log.debug({ err: answer.reason }, 'a refused request could not be given back')
      }
    }
  }

  #giveBackRow(hold: TakenHold): void {
    // The call was not made, so it is no request of its own.
    const nothing = { id: hold.id, amount: NO_AMOUNT, usage: NO_USAGE, isExtension: true }
    this.#parts.settlements.settle(hold, nothing)
  }
}

const attempt = async (call: () => unknown): Promise<unknown> => call()
