/**
 * A batch: the calls of one turn of the event loop, as the arguments of one run of the script.
 *
 * Many requests that arrive together cost one command instead of many: one trip, one read and one
 * write for each subject that they name, and plans are sent once. Order is kept, and so is atomicity:
 * the server runs the whole batch before it looks at anything else.
 */
import type { Charge, ConsumeRequest } from '../../core/ports/counters.ts'
import type { KeyNames } from './key-names.ts'
import type { CountersForm } from './lua/script.ts'
import type { ScriptPlan } from './plans.ts'

const CONSUME = 1
const PEEK = 2
const SETTLE = 3
const MERGE = 4
const SET_VERSION = 5
const RENEW_PLACES = 6

const CHARGE_LENGTH = 6
const CHECK_HEAD_LENGTH = 4

export interface PlannedCharge extends Charge {
  readonly plan: ScriptPlan
}

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

interface KnownSubject {
  readonly plan: ScriptPlan
  readonly key: number
  readonly meters: number
  places: number
}

export class Batch {
  readonly #names: KeyNames
  readonly #keepsMetersApart: boolean
  readonly #keys: string[] = []
  readonly #versions: string[] = []
  readonly #versionNumbers = new Map<string, number>()
  readonly #plans = new Map<ScriptPlan, number>()
  readonly #ids: string[] = []
  readonly #subjects = new Map<string, KnownSubject>()
  readonly #waiting: Waiting[] = []
  #calls = ''

  constructor(names: KeyNames, form: CountersForm) {
    this.#names = names
    this.#keepsMetersApart = form === 'zset'
  }

  get size(): number {
    return this.#waiting.length
  }

  /** False where a subject is in the batch with other limits: the script wants one plan for each. */
  accepts(charges: readonly PlannedCharge[]): boolean {
    return charges.every(({ subject, plan }) => {
      const known = this.#subjects.get(subject)
      return known === undefined || known.plan === plan
    })
  }

  consume(charges: readonly PlannedCharge[], key: ConsumeRequest['key'], id: string) {
    const needsId = charges.some((charge) => charge.maxConcurrent !== undefined)
    return this.#check(CONSUME, charges, key, needsId ? this.#ids.push(id) : 0)
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
      return [this.#charge(charge), actualCost, ...all].join(',')
    })
    const length = settlements.reduce((sum, { charge }) => {
      return sum + CHARGE_LENGTH + 1 + charge.plan.limits.length
    }, 4)
    const head = `${atMs},${this.#ids.push(id)},${undo ? 1 : 0},${settlements.length}`
    return this.#add(SETTLE, length, [head, ...rows].join(','))
  }

  merge(charge: PlannedCharge, agesMs: readonly number[]): Promise<Answer> {
    const numbers = [this.#charge(charge), agesMs.length, ...agesMs].join(',')
    return this.#add(MERGE, CHARGE_LENGTH + 1 + agesMs.length, numbers)
  }

  setVersion(keyId: string, version: number): Promise<Answer> {
    return this.#add(SET_VERSION, 2, `${this.#version(keyId)},${version}`)
  }

  renewPlaces(id: string, charges: readonly PlannedCharge[]): Promise<Answer> {
    const places = charges.map((charge) => this.#subject(charge).places)
    const numbers = [this.#ids.push(id), places.length, ...places].join(',')
    return this.#add(RENEW_PLACES, 2 + places.length, numbers)
  }

  /** `nowMs` 0 asks for the server's clock. */
  toArguments(nowMs: number): {
    readonly keys: readonly string[]
    readonly args: readonly string[]
  } {
    const plans = [...this.#plans.keys()]
    const numbers = plans.map((plan) => `,${plan.numbers}`).join('')
    const input = `[${nowMs},${this.#versions.length},${plans.length}${numbers}${this.#calls}]`
    const args = [input, ...plans.map((plan) => plan.description), ...this.#ids]
    return { keys: [...this.#keys, ...this.#versions], args }
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
  ): Promise<Answer> {
    let numbers = key === undefined ? '0,0' : `${this.#version(key.keyId)},${key.version}`
    numbers += `,${id},${charges.length}`
    for (const charge of charges) numbers += `,${this.#charge(charge)}`
    return this.#add(kind, CHECK_HEAD_LENGTH + CHARGE_LENGTH * charges.length, numbers)
  }

  #add(kind: number, length: number, numbers: string): Promise<Answer> {
    this.#calls += `,${kind},${length},${numbers}`
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #charge(charge: PlannedCharge): string {
    const { key, plan, meters, places } = this.#subject(charge)
    return `${key},${this.#plan(plan)},${charge.cost},${charge.maxConcurrent ?? 0},${meters},${places}`
  }

  #plan(plan: ScriptPlan): number {
    const known = this.#plans.get(plan)
    if (known !== undefined) return known
    this.#plans.set(plan, this.#plans.size + 1)
    return this.#plans.size
  }

  #subject({ subject, plan, maxConcurrent }: PlannedCharge): KnownSubject {
    let known = this.#subjects.get(subject)
    if (known === undefined) {
      const key = this.#keys.push(this.#names.admissions(subject))
      const apart = this.#keepsMetersApart && plan.hasMeters
      const meters = apart ? this.#keys.push(this.#names.meters(subject)) : 0
      known = { plan, key, meters, places: 0 }
      this.#subjects.set(subject, known)
    }
    if (maxConcurrent !== undefined && known.places === 0) {
      known.places = this.#keys.push(this.#names.places(subject))
    }
    return known
  }

  #version(keyId: string): number {
    const known = this.#versionNumbers.get(keyId)
    if (known !== undefined) return known
    const number = this.#versions.push(this.#names.version(keyId))
    this.#versionNumbers.set(keyId, number)
    return number
  }
}
