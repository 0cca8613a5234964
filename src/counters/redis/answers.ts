/** Answers of the script, read: see `lua/main.ts` for their layout. */

import type { LimitStatus } from '../../core/limits/limit.ts'
import type { ChargeLook, LimitLook } from '../../core/limits/refusal.ts'
import type { CapStatus, SpendCharge } from '../../core/ports/counters.ts'
import type { Answer } from './batch.ts'
import type { PlannedCharge } from './batch-names.ts'
import { callFailure } from './failure.ts'

const REFUSED = 0
const STALE = 2
const UNSEEDED = 3
const TAKEN_AND_HELD = 4
/** What was used is told as a multiple of this and a rest. */
const USED_STEP = 2 ** 32

export interface Looked {
  readonly looks: readonly ChargeLook[]
  readonly statuses: readonly (readonly LimitStatus[])[]
  /** How the caps of a hold look at it, per charge of it; absent where it was not looked at. */
  readonly caps?: readonly (readonly LimitLook[])[]
}

export interface Taken {
  readonly atMs: number
  readonly statuses: readonly (readonly LimitStatus[])[]
  /** Per charge and limit: what giving back has to know. Empty where there is nothing. */
  readonly marks: readonly (readonly number[])[]
  /** When the hold was taken; 0 where there was none. */
  readonly heldAtMs: number
}

export type Consumed =
  | ({ readonly kind: 'taken' } & Taken)
  | ({ readonly kind: 'refused' } & Looked)
  | { readonly kind: 'stale'; readonly version: number }
  | { readonly kind: 'unseeded'; readonly subjects: readonly string[] }

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

/** `held`: the charges of the hold that was asked for with them. */
export function readConsumed(
  answer: Answer,
  charges: readonly PlannedCharge[],
  held: readonly SpendCharge[],
): Consumed {
  const reader = new Reader(answer)
  const kind = reader.next()
  if (kind === UNSEEDED) return { kind: 'unseeded', subjects: readSubjects(reader, held) }
  const heldAtMs = kind === TAKEN_AND_HELD ? reader.next() : 0
  const second = reader.next()
  if (kind === STALE) return { kind: 'stale', version: second }
  if (kind === REFUSED) {
    const look = readLook(reader, charges)
    return { kind: 'refused', ...look, caps: held.map(({ caps }) => readCapLooks(reader, caps)) }
  }
  const statuses = charges.map((charge) => readStatuses(reader, charge))
  const marks = charges.map(({ plan }) =>
    reader.isAtEnd ? [] : plan.limits.map(() => reader.next()),
  )
  return { kind: 'taken', atMs: second, statuses, marks, heldAtMs }
}

/** The answer to a question for the status of caps. */
export function readSpendStatus(
  answer: Answer,
  charges: readonly SpendCharge[],
): readonly (readonly CapStatus[])[] {
  const reader = new Reader(answer)
  reader.next()
  reader.next()
  return charges.map(({ caps }) =>
    caps.map((cap) => {
      const steps = reader.next()
      return { cap, used: steps * USED_STEP + reader.next() }
    }),
  )
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

function readCapLooks(reader: Reader, caps: SpendCharge['caps']): LimitLook[] {
  return caps.map(({ name }) => {
    const waitMs = reader.next()
    return { name, waitMs, fits: waitMs === 0 }
  })
}

function readSubjects(reader: Reader, held: readonly SpendCharge[]): string[] {
  const subjects: string[] = []
  while (!reader.isAtEnd) subjects.push(held[reader.next()]?.subject ?? '')
  return subjects
}

/** Throws what a call answered that failed alone. */
export function refuseText(answer: Answer): void {
  if (typeof answer === 'string') throw callFailure(answer)
}
