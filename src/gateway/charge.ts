/** What a request costs: bounded before it is sent, known once it was answered. */
import type { Amount, TokenUsage } from '../core/spend/amount.ts'
import type { SpendIntent } from '../engine/gate.ts'

export interface Cost {
  readonly amount: Amount
  readonly usage: TokenUsage
}

export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Charge {
  /** The worst case. */
  readonly intent: SpendIntent
  /** The answer is read, so that it must not be compressed. */
  readonly reads: boolean
  /** The answer begins. */
  answered(status: number, headers: AnswerHeaders): void
  /** What goes on to the client for a chunk of the answer. */
  write(chunk: Uint8Array): Uint8Array
  /** What is left to go on once the answer is over. */
  end(): Uint8Array
  /** By what has passed until now. `isSent`: the upstream may have seen the request. */
  cost(isSent: boolean): Cost
}

/** The first value of a header. */
export function headerOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value[0]
}
