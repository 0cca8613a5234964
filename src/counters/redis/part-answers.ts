/** Answers of several parts of one request, put together in the order in which it was asked. */
import type { Consumed, Looked } from './answers.ts'
import type { ReceiptPart } from './receipt.ts'
import type { RequestPart } from './request-parts.ts'

export const NOTHING_LOOKED_AT: Looked = { looks: [], statuses: [] }

export const looksOf = ({ looks }: Looked) => looks
export const statusesOf = (one: Consumed | Pick<Looked, 'statuses'>) =>
  'statuses' in one ? one.statuses : []

export const latestMs = (parts: readonly { readonly atMs: number }[]): number =>
  Math.max(0, ...parts.map((part) => part.atMs))

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
