/**
 * The cost of a request that is no call of a known API: what its route says, or what the answer says in
 * a header or in a member of its JSON. An answer that does not say costs what was held; an error that
 * does not say, and what was never sent, cost nothing.
 */

import type { RouteSpend } from '../core/settings.ts'
import { type Amount, NO_AMOUNT, NO_USAGE } from '../core/spend/amount.ts'
import type { SpendIntent } from '../engine/gate.ts'
import { isObject, MemberFinder } from '../metering/index.ts'
import { type AnswerHeaders, type Charge, type Cost, headerOf } from './charge.ts'

const MICRO_PER_USD = 1_000_000
/** A million dollars: what says more is wrong. */
const MAX_MICRO_USD = 1e12
/** Of a product that should be whole, what floating point adds. */
const NOISE_MICRO = 1e-6

const FREE: Cost = Object.freeze({ amount: NO_AMOUNT, usage: NO_USAGE })

export class RouteCharge implements Charge {
  readonly intent: SpendIntent
  readonly reads: boolean
  readonly #spend: RouteSpend
  readonly #held: Amount
  readonly #finder: MemberFinder | undefined
  #status = 200
  #inHeader: unknown

  constructor(spend: RouteSpend) {
    this.#spend = spend
    this.#held = { microUsd: spend.perRequestMicroUsd, tokens: 0 }
    this.intent = { model: null, amount: this.#held }
    const [member] = spend.jsonPath ?? []
    this.#finder = member === undefined ? undefined : new MemberFinder(member)
    this.reads = member !== undefined
  }

  answered(status: number, headers: AnswerHeaders): void {
    this.#status = status
    const { header } = this.#spend
    this.#inHeader = header === undefined ? undefined : headerOf(headers, header)
  }

  write(chunk: Uint8Array): Uint8Array {
    this.#finder?.write(chunk)
    return chunk
  }

  end(): Uint8Array {
    return NOTHING
  }

  cost(isSent: boolean): Cost {
    if (!isSent) return FREE
    const said = this.#microUsdOf(this.#inHeader) ?? this.#microUsdOf(this.#inBody())
    if (said !== undefined) return { amount: { microUsd: said, tokens: 0 }, usage: NO_USAGE }
    return this.#status >= 400 ? FREE : { amount: this.#held, usage: NO_USAGE }
  }

  #inBody(): unknown {
    let value: unknown = this.#finder?.value
    for (const name of this.#spend.jsonPath?.slice(1) ?? []) {
      value = isObject(value) ? value[name] : undefined
    }
    return value
  }

  /** Rounded up; undefined for what is no cost. */
  #microUsdOf(value: unknown): number | undefined {
    const isText = typeof value === 'string' && value.trim() !== ''
    const number = isText ? Number(value) : value
    if (typeof number !== 'number') return undefined
    const micro = this.#spend.unit === 'micro_usd' ? number : number * MICRO_PER_USD
    return micro >= 0 && micro <= MAX_MICRO_USD
      ? Math.max(0, Math.ceil(micro - NOISE_MICRO))
      : undefined
  }
}

const NOTHING = new Uint8Array(0)
