/**
 * A pool for each kind of subject, told by the first character of its name (see core/subject.ts).
 * A flood of addresses therefore never pushes out a key, nor a flood of bad credentials an address.
 */
import type { Subject } from './subject.ts'
import { SubjectPool } from './subject-pool.ts'

const KEY = 'k'.charCodeAt(0)
const ROUTE = 'r'.charCodeAt(0)
const ADDRESS = 'i'.charCodeAt(0)
const FAILURES = 'f'.charCodeAt(0)

/** True for the kinds whose usage is checkpointed: keys and their routes. */
export function isSavedKind(name: string): boolean {
  const kind = name.charCodeAt(0)
  return kind === KEY || kind === ROUTE
}

export class SubjectPools {
  readonly #keys: SubjectPool
  readonly #routes: SubjectPool
  readonly #addresses: SubjectPool
  readonly #failures: SubjectPool
  readonly #others: SubjectPool
  readonly #all: readonly SubjectPool[]

  constructor(maxKeys: number, maxAddresses: number, onForgetSaved: (subject: Subject) => void) {
    this.#keys = new SubjectPool(maxKeys, false, onForgetSaved)
    this.#routes = new SubjectPool(maxKeys, false, onForgetSaved)
    this.#addresses = new SubjectPool(maxAddresses, true)
    this.#failures = new SubjectPool(maxAddresses, true)
    this.#others = new SubjectPool(maxAddresses, true)
    this.#all = [this.#keys, this.#routes, this.#addresses, this.#failures, this.#others]
  }

  /** Subjects in all pools. */
  get count(): number {
    return this.#all.reduce((count, pool) => count + pool.count, 0)
  }

  /** The pool of the subject of that name. */
  of(name: string): SubjectPool {
    const kind = name.charCodeAt(0)
    if (kind === KEY) return this.#keys
    if (kind === ADDRESS) return this.#addresses
    if (kind === ROUTE) return this.#routes
    return kind === FAILURES ? this.#failures : this.#others
  }

  clear(): void {
    for (const pool of this.#all) pool.clear()
  }
}
