/**
 * What the calls of a batch name: keys, plans and ids, each sent once and called by its number, which
 * counts from 1; 0 is none.
 */
import type { Charge } from '../../core/ports/counters.ts'
import type { KeyNames } from './key-names.ts'
import type { CountersForm } from './lua/script.ts'
import type { ScriptPlan } from './plans.ts'

export interface PlannedCharge extends Charge {
  readonly plan: ScriptPlan
}

interface KnownSubject {
  readonly plan: ScriptPlan
  readonly key: number
  readonly meters: number
  places: number
}

export class BatchNames {
  readonly #names: KeyNames
  readonly #keepsMetersApart: boolean
  readonly #keys: string[] = []
  readonly #versions: string[] = []
  readonly #versionNumbers = new Map<string, number>()
  readonly #plans = new Map<ScriptPlan, number>()
  readonly #ids: string[] = []
  readonly #subjects = new Map<string, KnownSubject>()
  #spendKeys: Map<string, number> | undefined

  constructor(names: KeyNames, form: CountersForm) {
    this.#names = names
    this.#keepsMetersApart = form === 'zset'
  }

  /** Whether anything about money was named. */
  get hasSpend(): boolean {
    return this.#spendKeys !== undefined
  }

  /** False where a subject has other limits here: the script wants one plan for each. */
  accepts(charges: readonly PlannedCharge[]): boolean {
    return charges.every(({ subject, plan }) => {
      const known = this.#subjects.get(subject)
      return known === undefined || known.plan === plan
    })
  }

  id(id: string): number {
    return this.#ids.push(id)
  }

  /** As the script takes a charge: six numbers. */
  charge(charge: PlannedCharge): string {
    const { key, plan, meters, places } = this.#subject(charge)
    return `${key},${this.#plan(plan)},${charge.cost},${charge.maxConcurrent ?? 0},${meters},${places}`
  }

  /** The key of the places of a subject that has a cap on them. */
  places(charge: PlannedCharge): number {
    return this.#subject(charge).places
  }

  version(keyId: string): number {
    const known = this.#versionNumbers.get(keyId)
    if (known !== undefined) return known
    const number = this.#versions.push(this.#names.version(keyId))
    this.#versionNumbers.set(keyId, number)
    return number
  }

  /** The key of what a subject spends. */
  spend(subject: string): number {
    return this.#spendKey(this.#names.spend(subject))
  }

  /** The key of what it settled in the last seconds. */
  settledSpend(subject: string): number {
    return this.#spendKey(this.#names.settledSpend(subject))
  }

  /** What is sent, around the text of the calls. */
  toArguments(
    nowMs: number,
    calls: string,
  ): { readonly keys: readonly string[]; readonly args: readonly string[] } {
    const plans = [...this.#plans.keys()]
    const numbers = plans.map((plan) => `,${plan.numbers}`).join('')
    const input = `[${nowMs},${this.#versions.length},${plans.length}${numbers}${calls}]`
    const args = [input, ...plans.map((plan) => plan.description), ...this.#ids]
    return { keys: [...this.#keys, ...this.#versions], args }
  }

  #spendKey(name: string): number {
    this.#spendKeys ??= new Map()
    const known = this.#spendKeys.get(name)
    if (known !== undefined) return known
    const number = this.#keys.push(name)
    this.#spendKeys.set(name, number)
    return number
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
}
