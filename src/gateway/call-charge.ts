/**
 * The cost of a call of an AI API: held as its worst case, charged by the usage that the API reports, or
 * by the documented estimate where it does not.
 *
 * What was never sent, and what the API answered with an error, costs nothing. A lost answer costs the
 * worst case, a stream that ended early what had passed.
 */
import { type Amount, NO_AMOUNT, NO_USAGE } from '../core/spend/amount.ts'
import { costMicroUsd, worstCase } from '../core/spend/cost.ts'
import type { ModelPrice } from '../core/spend/prices.ts'
import type { SpendIntent } from '../engine/gate.ts'
import {
  type AiCall,
  type AnswerMeter,
  type CallBounds,
  errorEvent,
  isEventStream,
  meterAnswer,
} from '../metering/index.ts'
import { type AnswerHeaders, type Charge, type Cost, headerOf } from './charge.ts'

const FREE: Cost = Object.freeze({ amount: NO_AMOUNT, usage: NO_USAGE })

export class CallCharge implements Charge {
  readonly intent: SpendIntent
  readonly reads = true
  readonly #call: CallBounds
  readonly #price: ModelPrice
  #status = 200
  #meter: AnswerMeter | undefined
  #isStream = false

  constructor(call: AiCall, price: ModelPrice) {
    const { body: _sentOn, ...bounds } = call
    this.#call = bounds
    this.#price = price
    const amount = worstCase(price, call.inputTokens, call.outputTokens)
    this.intent = { model: call.model, amount }
  }

  /** The answer is a stream of events, of which some may be taken out. */
  get isStream(): boolean {
    return this.#isStream
  }

  /** Output that was held from the beginning. */
  get heldTokens(): number {
    return this.#call.outputTokens
  }

  /** Output that has passed, as it is estimated while a stream runs. */
  get producedTokens(): number {
    return this.#meter?.producedTokens ?? 0
  }

  /** What so much more output costs at most. */
  amountOf(outputTokens: number): Amount {
    const usage = { ...NO_USAGE, outputTokens }
    const price = { ...this.#price, perRequestMicroUsd: 0 }
    return { microUsd: costMicroUsd(price, usage), tokens: outputTokens }
  }

  answered(status: number, headers: AnswerHeaders): void {
    const contentType = headerOf(headers, 'content-type')
    const head = { status, contentType, encoding: headerOf(headers, 'content-encoding') }
    this.#status = status
    this.#meter = meterAnswer(this.#call, head)
    this.#isStream = isEventStream(this.#call, head)
  }

  write(chunk: Uint8Array): Uint8Array {
    return this.#meter?.write(chunk) ?? chunk
  }

  end(): Uint8Array {
    return this.#meter?.end() ?? NOTHING
  }

  /** The last event of a stream that is cut. */
  lastEvent(requestId: string, message: string): Uint8Array {
    return errorEvent(this.#call, requestId, message, this.#meter?.nextSequence)
  }

  cost(isSent: boolean): Cost {
    if (!isSent) return FREE
    const { usage, isReported } = (this.#meter ?? this.#unanswered()).metered()
    if (this.#status >= 400 && !isReported) return FREE
    const tokens = usage.inputTokens + usage.outputTokens
    return { amount: { microUsd: costMicroUsd(this.#price, usage), tokens }, usage }
  }

  /** A meter that has seen nothing. */
  #unanswered(): AnswerMeter {
    return meterAnswer(this.#call, { status: 200, contentType: undefined })
  }
}

const NOTHING = new Uint8Array(0)
