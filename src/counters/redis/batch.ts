/**
 * A batch: the calls of one turn of the event loop, as the arguments of one run of the script.
 *
 * Many requests that arrive together cost one command instead of many: one trip, one read and one
 * write for each subject that they name, and plans are sent once. Order is kept, and so is atomicity:
 * the server runs the whole batch before it looks at anything else.
 */
import type { ConsumeRequest, Hold, SpendSeed, TakenHold } from '../../core/ports/counters.ts'
import { type Amount, NO_AMOUNT } from '../../core/spend/amount.ts'
import { BatchNames, type PlannedCharge } from './batch-names.ts'
import type { KeyNames } from './key-names.ts'
import type { CountersForm } from './lua/script.ts'
import { type SpendCharges, SpendNumbers } from './spend-numbers.ts'

const CONSUME = 1
const PEEK = 2
const SETTLE = 3
const MERGE = 4
const SET_VERSION = 5
const RENEW_PLACES = 6
const CONSUME_AND_HOLD = 7
const SETTLE_HOLD = 8
const SEED = 9
const SPEND_STATUS = 10

const CHARGE_LENGTH = 6
const CHECK_HEAD_LENGTH = 4
/** A seed of so many numbers is as much work as a check. */
const NUMBERS_PER_CHECK = 200

export interface Settlement {
  readonly charge: PlannedCharge
  readonly actualCost: number
  /** Per limit of the charge, as the script gave them. Empty: there is nothing to know. */
  readonly marks: readonly number[]
}

export type Answer = readonly number[] | string

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export class Batch {
  readonly #names: BatchNames
  readonly #spend: SpendNumbers
  readonly #waiting: Waiting[] = []
  #calls = ''
  #size = 0

  constructor(names: KeyNames, form: CountersForm) {
    this.#names = new BatchNames(names, form)
    this.#spend = new SpendNumbers(this.#names)
  }

  /** How much work it is, in checks. */
  get size(): number {
    return this.#size
  }

  /** Whether it wants the script that knows of money. */
  get hasSpend(): boolean {
    return this.#names.hasSpend
  }

  /** False where a subject is in the batch with other limits: the script wants one plan for each. */
  accepts(charges: readonly PlannedCharge[]): boolean {
    return this.#names.accepts(charges)
  }

  consume(
    charges: readonly PlannedCharge[],
    key: ConsumeRequest['key'],
    id: string,
    hold?: Hold,
  ): Promise<Answer> {
    const needsId = charges.some((charge) => charge.maxConcurrent !== undefined)
    const idNumber = needsId ? this.#names.id(id) : 0
    if (hold === undefined) return this.#check(CONSUME, charges, key, idNumber)
    return this.#check(CONSUME_AND_HOLD, charges, key, idNumber, this.#spend.ofHold(hold))
  }

  peek(charges: readonly PlannedCharge[], key: ConsumeRequest['key']): Promise<Answer> {
    return this.#check(PEEK, charges, key, 0)
  }

  /** `undo`: the charge is to be as if it had never been, a burst that it began included. */
  settle(
    atMs: number,
    id: string,
    settlements: readonly Settlement[],
    undo: boolean,
  ): Promise<Answer> {
    const rows = settlements.map(({ charge, actualCost, marks }) => {
      const all = charge.plan.limits.map((_, index) => marks[index] ?? -1)
      return [this.#names.charge(charge), actualCost, ...all].join(',')
    })
    const length = settlements.reduce((sum, { charge }) => {
      return sum + CHARGE_LENGTH + 1 + charge.plan.limits.length
    }, 4)
    const head = `${atMs},${this.#names.id(id)},${undo ? 1 : 0},${settlements.length}`
    return this.#add(SETTLE, length, [head, ...rows].join(','))
  }

  merge(charge: PlannedCharge, agesMs: readonly number[]): Promise<Answer> {
    const numbers = [this.#names.charge(charge), agesMs.length, ...agesMs].join(',')
    return this.#add(MERGE, CHARGE_LENGTH + 1 + agesMs.length, numbers)
  }

  setVersion(keyId: string, version: number): Promise<Answer> {
    return this.#add(SET_VERSION, 2, `${this.#names.version(keyId)},${version}`)
  }

  renewPlaces(id: string, charges: readonly PlannedCharge[]): Promise<Answer> {
    const places = charges.map((charge) => this.#names.places(charge))
    const numbers = [this.#names.id(id), places.length, ...places].join(',')
    return this.#add(RENEW_PLACES, 2 + places.length, numbers)
  }

  settleHold(hold: Pick<TakenHold, 'id' | 'charges'>, actual: Amount): Promise<Answer> {
    return this.#addNumbers(SETTLE_HOLD, this.#spend.ofSettlement(hold, actual, false))
  }

  /** The hold is to be as if it had never been. */
  undoHold(hold: Pick<TakenHold, 'id' | 'charges'>): Promise<Answer> {
    return this.#addNumbers(SETTLE_HOLD, this.#spend.ofSettlement(hold, NO_AMOUNT, true))
  }

  seed(seed: SpendSeed): Promise<Answer> {
    const numbers = this.#spend.ofSeed(seed)
    this.#size += Math.floor(numbers.length / NUMBERS_PER_CHECK)
    return this.#addNumbers(SEED, numbers)
  }

  spendStatus(charges: SpendCharges): Promise<Answer> {
    return this.#addNumbers(SPEND_STATUS, this.#spend.ofCharges(charges))
  }

  /** `nowMs` 0 asks for the server's clock. */
  toArguments(nowMs: number): ReturnType<BatchNames['toArguments']> {
    return this.#names.toArguments(nowMs, this.#calls)
  }

  answer(answers: readonly Answer[]): void {
    for (const [index, { resolve, reject }] of this.#waiting.entries()) {
      const answer = answers[index]
      if (answer === undefined) reject(new Error('ERR the script left a call without an answer'))
      else resolve(answer)
    }
  }

  fail(error: unknown): void {
    for (const { reject } of this.#waiting) reject(error)
  }

  #check(
    kind: number,
    charges: readonly PlannedCharge[],
    key: ConsumeRequest['key'],
    id: number,
    hold: readonly number[] = [],
  ): Promise<Answer> {
    let numbers = key === undefined ? '0,0' : `${this.#names.version(key.keyId)},${key.version}`
    numbers += `,${id},${charges.length}`
    for (const charge of charges) numbers += `,${this.#names.charge(charge)}`
    if (hold.length > 0) numbers += `,${hold.join(',')}`
    const length = CHECK_HEAD_LENGTH + CHARGE_LENGTH * charges.length + hold.length
    return this.#add(kind, length, numbers)
  }

  #addNumbers(kind: number, numbers: readonly number[]): Promise<Answer> {
    return this.#add(kind, numbers.length, numbers.join(','))
  }

  #add(kind: number, length: number, numbers: string): Promise<Answer> {
    this.#calls += `,${kind},${length},${numbers}`
    this.#size += 1
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }
}
