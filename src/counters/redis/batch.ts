/**
 * A batch: the calls of one turn of the event loop, as the arguments of one run of the script.
 *
 * Many requests that arrive together cost one command instead of many: one trip, one read and one
 * write for each key that they name, and plans are sent once. Order is kept, and so is atomicity:
 * the server runs the whole batch before it looks at anything else.
 */
import type { Charge } from '../../core/ports/counters.ts'
import type { KeyNames } from './key-names.ts'
import type { CountersForm } from './lua/script.ts'
import type { ScriptPlan } from './plans.ts'

const CONSUME = 1
const PEEK = 2
const SETTLE = 3
const MERGE = 4
const SET_VERSION = 5
const RENEW_PLACES = 6

export interface PlannedCharge extends Charge {
  readonly plan: ScriptPlan
}

export interface Settlement {
  readonly charge: PlannedCharge
  readonly actualCost: number
  /** Per limit of the charge; 0 where the limit is no bucket. */
  readonly marks: readonly number[]
}

export type Answer = readonly number[] | string

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export class Batch {
  readonly #names: KeyNames
  readonly #readsAtOnce: boolean
  readonly #keysAtOnce: string[] = []
  readonly #keys: string[] = []
  readonly #versionKeys = new Map<string, number>()
  readonly #plans = new Map<ScriptPlan, number>()
  readonly #subjects = new Map<string, { readonly number: number; readonly plan: ScriptPlan }>()
  readonly #subjectKeys: [admissions: number, meters: number, places: number][] = []
  readonly #calls: string[] = []
  readonly #waiting: Waiting[] = []

  constructor(names: KeyNames, form: CountersForm) {
    this.#names = names
    this.#readsAtOnce = form === 'ring'
  }

  get size(): number {
    return this.#calls.length
  }

  /** False where a subject is in the batch with other limits: the script wants one plan for each. */
  accepts(charges: readonly PlannedCharge[]): boolean {
    return charges.every(({ subject, plan }) => {
      const known = this.#subjects.get(subject)
      return known === undefined || known.plan === plan
    })
  }

  consume(
    charges: readonly PlannedCharge[],
    key: { readonly keyId: string; readonly version: number } | undefined,
    id: string,
  ): Promise<Answer> {
    return this.#add(this.#check(CONSUME, charges, key, id))
  }

  peek(
    charges: readonly PlannedCharge[],
    key: { readonly keyId: string; readonly version: number } | undefined,
  ): Promise<Answer> {
    return this.#add(this.#check(PEEK, charges, key, ''))
  }

  settle(atMs: number, id: string, settlements: readonly Settlement[]): Promise<Answer> {
    const rows = settlements.map(({ charge, actualCost, marks }) => {
      return `${this.#charge(charge)},${actualCost},[${marks.join(',')}]]`
    })
    return this.#add(`[${SETTLE},${atMs},"${id}",[${rows.join(',')}]]`)
  }

  merge(charge: PlannedCharge, agesMs: readonly number[]): Promise<Answer> {
    const subject = this.#subject(charge)
    return this.#add(`[${MERGE},[${agesMs.join(',')}],${subject},${this.#plan(charge.plan)}]`)
  }

  setVersion(keyId: string, version: number): Promise<Answer> {
    return this.#add(`[${SET_VERSION},${this.#versionKey(keyId)},${version}]`)
  }

  renewPlaces(id: string, charges: readonly PlannedCharge[]): Promise<Answer> {
    const subjects = charges.map((charge) => this.#subject(charge))
    return this.#add(`[${RENEW_PLACES},"${id}",${subjects.join(',')}]`)
  }

  /** Keys and the one argument of the script; `nowMs` 0 asks for the server's clock. */
  toArguments(nowMs: number): { readonly keys: readonly string[]; readonly request: string } {
    const keys = this.#keys.length === 0 ? this.#keysAtOnce : [...this.#keysAtOnce, ...this.#keys]
    const plans = Array.from(this.#plans.keys(), (plan) => plan.json).join(',')
    const subjects = this.#subjectKeys.map((indexes) => `[${indexes.join(',')}]`).join(',')
    const request = `{"t":${nowMs},"m":${this.#keysAtOnce.length},"p":[${plans}],"s":[${subjects}],"c":[${this.#calls.join(',')}]}`
    return { keys, request }
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

  #add(call: string): Promise<Answer> {
    this.#calls.push(call)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #check(
    kind: number,
    charges: readonly PlannedCharge[],
    key: { readonly keyId: string; readonly version: number } | undefined,
    id: string,
  ): string {
    const rows = charges.map((charge) => `${this.#charge(charge)}]`).join(',')
    const version = key === undefined ? '0,0' : `${this.#versionKey(key.keyId)},${key.version}`
    return `[${kind},${version},"${id}",[${rows}]]`
  }

  /** Without the closing bracket: a settlement has more to say. */
  #charge(charge: PlannedCharge): string {
    const places = charge.maxConcurrent ?? 0
    return `[${this.#subject(charge)},${this.#plan(charge.plan)},${charge.cost},${places}`
  }

  #plan(plan: ScriptPlan): number {
    const known = this.#plans.get(plan)
    if (known !== undefined) return known
    this.#plans.set(plan, this.#plans.size + 1)
    return this.#plans.size
  }

  #subject({ subject, plan, maxConcurrent }: PlannedCharge): number {
    let known = this.#subjects.get(subject)
    if (known === undefined) {
      const admissions = this.#admissionsKey(subject, plan)
      const meters = plan.hasMeters ? this.#keysAtOnce.push(this.#names.meters(subject)) : 0
      known = { number: this.#subjectKeys.push([admissions, meters, 0]), plan }
      this.#subjects.set(subject, known)
    }
    const indexes = this.#subjectKeys[known.number - 1]
    if (indexes !== undefined && indexes[2] === 0 && maxConcurrent !== undefined) {
      indexes[2] = -this.#keys.push(this.#names.places(subject))
    }
    return known.number
  }

  #admissionsKey(subject: string, plan: ScriptPlan): number {
    const name = this.#names.admissions(subject)
    const atOnce = this.#readsAtOnce && plan.hasAdmissions && plan.readsWhole
    return atOnce ? this.#keysAtOnce.push(name) : -this.#keys.push(name)
  }

  #versionKey(keyId: string): number {
    const known = this.#versionKeys.get(keyId)
    if (known !== undefined) return known
    const index = this.#keysAtOnce.push(this.#names.version(keyId))
    this.#versionKeys.set(keyId, index)
    return index
  }
}
