/** Answers of several parts of one request, put together in the order in which it was asked. */

import type { LimitLook } from '../../core/limits/refusal.ts'
import type { Unseeded } from '../../core/ports/counters.ts'
import type { Consumed, Looked } from './answers.ts'
import type { ReceiptPart } from './receipt.ts'
import { heldBy, type PlannedRequest, type RequestPart } from './request-parts.ts'

export const NOTHING_LOOKED_AT: Looked = { looks: [], statuses: [] }

export const looksOf = ({ looks }: Looked) => looks
export const statusesOf = (one: Consumed | Pick<Looked, 'statuses'>) =>
  'statuses' in one ? one.statuses : []

/** The latest time of any of them, that of a hold included. */
export const latestMs = (
  parts: readonly { readonly atMs?: number; readonly heldAtMs?: number }[],
): number => Math.max(0, ...parts.map(({ atMs = 0, heldAtMs = 0 }) => Math.max(atMs, heldAtMs)))

/** What the parts answered, in the order in which the charges were asked for. */
export function inOrder<T>(parts: readonly RequestPart[], answers: readonly (readonly T[])[]): T[] {
  const [only] = answers
  if (parts.length === 1 && only !== undefined) return [...only]
  const ordered: T[] = []
  for (const [number, { indexes }] of parts.entries()) {
    for (const [position, index] of indexes.entries()) {
      const answer = answers[number]?.[position]
      if (answer !== undefined) ordered[index] = answer
    }
  }
  return ordered
}

export function receiptParts(
  parts: readonly RequestPart[],
  consumed: readonly Consumed[],
): readonly ReceiptPart[] {
  return parts.flatMap((part, number) => {
    const one = consumed[number]
    if (one?.kind !== 'taken') return []
    return [{ ...part, atMs: one.atMs, marks: one.marks }]
  })
}

/** All subjects that must be seeded first, in the order of the hold; undefined where there are none. */
export function unseededOf(
  { hold }: PlannedRequest,
  consumed: readonly Consumed[],
): Unseeded | undefined {
  const told = new Set(consumed.flatMap((one) => (one.kind === 'unseeded' ? one.subjects : [])))
  if (hold === undefined || told.size === 0) return undefined
  const subjects = hold.charges.map(({ subject }) => subject).filter((name) => told.has(name))
  return { kind: 'unseeded', subjects }
}

/** How the caps of a hold look at it, in its order. Where a part took it, they let it through. */
export function capsOf(
  { hold, parts }: PlannedRequest,
  looked: readonly Looked[],
): readonly (readonly LimitLook[])[] {
  const bySubject = new Map<string, readonly LimitLook[]>()
  for (const [number, part] of parts.entries()) {
    const caps = looked[number]?.caps ?? []
    for (const [index, { subject }] of heldBy(part).entries()) {
      bySubject.set(subject, caps[index] ?? [])
    }
  }
  return hold?.charges.map(({ subject }) => bySubject.get(subject) ?? []) ?? []
}
