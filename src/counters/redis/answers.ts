/** Answers of the script, read: see `lua/main.ts` for their layout. */

import type { LimitStatus } from '../../core/limits/limit.ts'
import type { ChargeLook, LimitLook } from '../../core/limits/refusal.ts'
import type { Answer, PlannedCharge } from './batch.ts'
import { callFailure } from './failure.ts'

const REFUSED = 0
const STALE = 2

export interface Looked {
  readonly looks: readonly ChargeLook[]
  readonly statuses: readonly (readonly LimitStatus[])[]
}

export interface Taken {
  readonly atMs: number
  readonly statuses: readonly (readonly LimitStatus[])[]
  /** Per charge and limit: what giving back has to know. Empty where there is nothing. */
  readonly marks: readonly (readonly number[])[]
}

export type Consumed =
  | ({ readonly kind: 'taken' } & Taken)
  | ({ readonly kind: 'refused' } & Looked)
  | { readonly kind: 'stale'; readonly version: number }

/** Reads numbers one after the other; an answer that is too short is an error of this call alone. */
class Reader {
  readonly #numbers: readonly number[]
  #next = 0

  constructor(answer: Answer) {
    if (typeof answer === 'string') throw callFailure(answer)
    this.#numbers = answer
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#numbers.length
  }

  next(): number {
    const number = this.#numbers[this.#next++]
    if (number !== undefined) return number
    throw callFailure('it answered too little')
  }
}

export function readConsumed(answer: Answer, charges: readonly PlannedCharge[]): Consumed {
  const reader = new Reader(answer)
  const kind = reader.next()
  const second = reader.next()
  if (kind === STALE) return { kind: 'stale', version: second }
  if (kind === REFUSED) return { kind: 'refused', ...readLook(reader, charges) }
  const statuses = charges.map((charge) => readStatuses(reader, charge))
  const marks = charges.map(({ plan }) =>
    reader.isAtEnd ? [] : plan.limits.map(() => reader.next()),
  )
  return { kind: 'taken', atMs: second, statuses, marks }
}

/** The answer to a peek. */
export function readLooked(
  answer: Answer,
  charges: readonly PlannedCharge[],
):
  | (Looked & { readonly kind: 'looked'; readonly atMs: number })
  | { kind: 'stale'; version: number } {
  const reader = new Reader(answer)
  const kind = reader.next()
  const second = reader.next()
  if (kind === STALE) return { kind: 'stale', version: second }
  return { kind: 'looked', atMs: second, ...readLook(reader, charges) }
}

function readLook(reader: Reader, charges: readonly PlannedCharge[]): Looked {
  const looks: ChargeLook[] = []
  const statuses: LimitStatus[][] = []
  for (const charge of charges) {
    const hasPlace = reader.next() === 1
    const limits: LimitLook[] = []
    for (const { name } of charge.plan.limits) {
      const waitMs = reader.next()
      limits.push({ name, waitMs, fits: reader.next() === 1 })
    }
    looks.push({ hasPlace, limits })
    statuses.push(readStatuses(reader, charge))
  }
  return { looks, statuses }
}

function readStatuses(reader: Reader, { plan }: PlannedCharge): LimitStatus[] {
  return plan.limits.map(({ name, quota, windowMs }) => {
    const remaining = reader.next()
    return { name, quota, windowMs, remaining, resetMs: reader.next() }
  })
}
