/**
 * `req.lockgate.reserve`: money for a call that a handler makes by itself, held before it is made.
 *
 * The worst case is held against every cap of the caller. The handler charges what the call used, or
 * releases it where none was made; whichever comes first counts. What it forgets is charged in full once
 * the response is over, because nobody can know what the call produced.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Denied, Identity, Reservation } from '../core/decision.ts'
import { ConfigError, type ErrorCode, LockgateError } from '../core/errors.ts'
import { NO_AMOUNT, NO_USAGE, type TokenUsage } from '../core/spend/amount.ts'
import { costMicroUsd, worstCase } from '../core/spend/cost.ts'
import { DOLLARS_RULE, type Dollars, readDollars } from '../core/spend/dollars.ts'
import type { ModelPrice } from '../core/spend/prices.ts'
import type { RequestGate, SpendDesk, SpendPolicy } from '../engine/gate.ts'
import { inputBound } from '../metering/index.ts'
import { createRefuse, messageOf } from './refusal.ts'
import type { ResponseLifetime } from './response-lifetime.ts'
import { writeRefusal } from './write-refusal.ts'

/** A call that is about to be made. */
export interface CallToHold {
  /** The model that will be asked for. Absent: the default price counts. */
  readonly model?: string
  /**
   * Output tokens that will be asked for, lowered to the maximum of the caller's tier where it has one.
   * Default: that maximum, or `spend.maxOutputTokens`; with `perRequest` 0.
   */
  readonly maxOutputTokens?: number
  /**
   * Input tokens at most. Default: the bytes of the request that is answered, its target and its body. Say
   * it, or `input`, where your prompt adds to what the client sent.
   */
  readonly inputTokens?: number
  /**
   * Instead of `inputTokens`: the text, or the messages as they are sent. Each byte counts as a token, an
   * image or a file as 40,000.
   */
  readonly input?: unknown
  /** Dollars, such as `'$0.02'` or `0.02`, for a call with a price of its own whatever it uses. */
  readonly perRequest?: Dollars
}

/** What a call used: its tokens at the model's price, or what you know that it cost. */
export interface CallUse {
  /** All input, cached or not. */
  readonly inputTokens?: number
  readonly cachedInputTokens?: number
  readonly cacheWriteTokens?: number
  readonly outputTokens?: number
  /** Whole micro-dollars (1,000,000 are a dollar), instead of the price of the tokens. */
  readonly microUsd?: number
}

/** Money that is held for one call. */
export interface HeldCall {
  readonly allowed: true
  /** Ask the model for no more than this: it is what was held. */
  readonly maxOutputTokens: number
  /** Aborts when the client is gone before it was answered. Pass it on to the call. */
  readonly signal: AbortSignal
  /**
   * Ends the hold by what the call used; without an argument by all that was held. The first `charge` or
   * `release` counts. Throws `invalid_field` for what is no amount.
   */
  charge(use?: CallUse): void
  /** Ends the hold: no call was made. */
  release(): void
}

/** The call does not fit a cap, or may not be made. */
export interface CallDenial {
  readonly allowed: false
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  /** On 429 and 503. */
  readonly retryAfterSeconds?: number
  /** Answers with the refusal that the guard would have written. */
  send(res: ServerResponse<IncomingMessage>): void
}

/** Whose call it is: one for each request. */
export interface Caller {
  readonly gate: RequestGate
  readonly identity: Identity
  readonly requestId: string
  readonly lifetime: ResponseLifetime
  /** What was refused last, for whoever finds it again as an error. */
  readonly last: { denial?: CallDenial }
}

/** The desk of money, or a ConfigError that says how to get one. */
export function spendDeskOf(gate: RequestGate, asked: string): SpendDesk {
  if (gate.spend !== null) return gate.spend
  throw new ConfigError(
    `${asked} needs spend caps: add spend to the configuration, such as spend: { account: { perDay: '$20' } }`,
  )
}

export function denialOf({ gate, requestId }: Caller, denied: Denied): CallDenial {
  const refusal = createRefuse(gate.http)(denied.code, { ...denied, requestId })
  const { code, status, headers } = refusal
  const [, retryAfter] = headers.find(([name]) => name === 'Retry-After') ?? []
  return Object.freeze({
    ...{ allowed: false, status, code, message: messageOf(denied.code, denied) },
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
    send: (res: ServerResponse) => writeRefusal(res, refusal),
  } as const)
}

export async function holdCall(caller: Caller, call: CallToHold): Promise<HeldCall | CallDenial> {
  const { gate, identity, requestId } = caller
  const desk = spendDeskOf(gate, 'req.lockgate.reserve()')
  const { model = null } = call
  const policy = desk.policyOf(identity)
  if (model !== null && !policy.allowsModel(model)) {
    return denialOf(caller, { allowed: false, code: 'model_not_allowed', limits: [] })
  }
  const ofRequest = caller.lifetime.requestBytes
  const { price, inputTokens, maxOutputTokens } = boundsOf(call, desk, policy, ofRequest)
  const amount = worstCase(price, inputTokens, maxOutputTokens)
  const held = await desk.reserve(identity, { model, amount }, requestId)
  if ('allowed' in held) return denialOf(caller, held)
  return heldCall(held, price, maxOutputTokens, caller.lifetime)
}

/** The worst case in tokens, and the price of each. */
function boundsOf(call: CallToHold, desk: SpendDesk, policy: SpendPolicy, ofRequest: number) {
  const { model = null, perRequest, input } = call
  const inputTokens = count('inputTokens', call.inputTokens) ?? boundOfInput(input)
  const asked = count('maxOutputTokens', call.maxOutputTokens)
  if (perRequest === undefined) {
    const maxOutputTokens = boundOfOutput(asked ?? policy.maxOutputTokens, policy)
    const { price } = desk.priceOf(model)
    return { price, inputTokens: inputTokens ?? ofRequest, maxOutputTokens }
  }
  const microUsd = readDollars(perRequest)
  if (microUsd === undefined) {
    throw new LockgateError('invalid_field', `perRequest of reserve() must be ${DOLLARS_RULE}`)
  }
  const price = { ...FREE_TOKENS, perRequestMicroUsd: microUsd }
  const maxOutputTokens = boundOfOutput(asked ?? 0, policy)
  return { price, inputTokens: inputTokens ?? 0, maxOutputTokens }
}

const FREE_TOKENS = Object.freeze({
  ...{ inputPicoUsd: 0, cachedInputPicoUsd: 0, cacheWritePicoUsd: 0, outputPicoUsd: 0 },
})

const boundOfOutput = (asked: number, { isClamped, maxOutputTokens }: SpendPolicy): number =>
  isClamped ? Math.min(asked, maxOutputTokens) : asked

/** As a body of a chat is bounded: by its bytes, but for images and files. */
function boundOfInput(input: unknown): number | undefined {
  if (input === undefined) return undefined
  if (typeof input === 'string') return Buffer.byteLength(input)
  const messages = Array.isArray(input) ? input : [input]
  return inputBound('openai-chat', { messages }, Buffer.byteLength(JSON.stringify(input)))
}

function heldCall(
  reservation: Reservation,
  price: ModelPrice,
  maxOutputTokens: number,
  lifetime: ResponseLifetime,
): HeldCall {
  const gone = new AbortController()
  const leave = lifetime.onEnd((isGone) => {
    reservation.abandon()
    if (isGone) gone.abort()
  })
  return Object.freeze({
    ...({ allowed: true, maxOutputTokens, signal: gone.signal } as const),
    charge(use?: CallUse) {
      const [amount, usage] = use === undefined ? [reservation.held, NO_USAGE] : costOf(price, use)
      leave()
      reservation.settle(amount, usage)
    },
    release() {
      leave()
      reservation.settle(NO_AMOUNT, NO_USAGE)
    },
  })
}

function costOf(price: ModelPrice, use: CallUse) {
  const usage: TokenUsage = {
    inputTokens: count('inputTokens', use.inputTokens) ?? 0,
    cachedInputTokens: count('cachedInputTokens', use.cachedInputTokens) ?? 0,
    cacheWriteTokens: count('cacheWriteTokens', use.cacheWriteTokens) ?? 0,
    outputTokens: count('outputTokens', use.outputTokens) ?? 0,
  }
  const microUsd = count('microUsd', use.microUsd) ?? costMicroUsd(price, usage)
  return [{ microUsd, tokens: usage.inputTokens + usage.outputTokens }, usage] as const
}

function count(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
  throw new LockgateError('invalid_field', `${name} must be a whole number of at least 0`)
}
