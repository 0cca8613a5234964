/**
 * `fetch` for one caller: holds before a request is sent, meters its answer, settles.
 *
 * Each HTTP request is a call of its own, so an SDK's retry is held and charged anew. A call ends once:
 * when its answer has passed, failed, was cut or abandoned, whichever comes first. What the API does not
 * bill costs nothing: a connection that was never made, an answer of 400 or more. An answer that was lost
 * after its request was sent is charged as the most that it can have been; of a stream that is its input,
 * because its output would have been seen.
 */
import { ERRORS } from '../core/errors.ts'
import { NO_USAGE, type TokenUsage } from '../core/spend/amount.ts'
import { worstCase } from '../core/spend/cost.ts'
import type { ModelPrice } from '../core/spend/prices.ts'
import type { SpendDesk } from '../engine/gate.ts'
import { type Caller, denialOf } from '../http/held-call.ts'
import { type AiCall, readCall } from '../metering/index.ts'
import { CallAccount } from './call-account.ts'
import { flatPriceOf, isFree } from './flat-price.ts'
import { meteredResponse } from './metered-response.ts'
import { neverConnected, type OutgoingRequest, readOutgoing, withBody } from './outgoing-request.ts'
import { CLIENT_GONE, clientGoneResponse, invalidResponse, refusalResponse } from './synthetic.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What is sent, and what it can cost. */
interface Plan {
  /** undefined: no call of a protocol that is known; it has one price, whatever it uses. */
  readonly call: AiCall | undefined
  readonly price: ModelPrice
  readonly init: RequestInit
}

export function createMeteredFetch(caller: Caller, desk: SpendDesk, fetch: Fetch): Fetch {
  return async function meteredFetch(input, init = {}) {
    const outgoing = readOutgoing(input, init)
    const to = { requestId: caller.requestId, isAnthropic: outgoing.isAnthropic }
    if (caller.lifetime.isGone) return clientGoneResponse(to)
    const plan = planOf(outgoing, init, caller, desk)
    if (plan === undefined) return fetch(input, init)
    if ('refused' in plan) {
      const { code, message } = plan.refused
      if (code !== 'model_not_allowed') {
        return invalidResponse(ERRORS[code].status, { code, message }, to)
      }
      const denial = denialOf(caller, { allowed: false, code, message, limits: [] })
      caller.last.denial = denial
      return refusalResponse(denial, to)
    }
    const { call, price } = plan
    const amount = worstCase(price, call?.inputTokens ?? 0, call?.outputTokens ?? 0)
    const intent = { model: call?.model ?? null, amount }
    const reservation = await desk.reserve(caller.identity, intent, caller.requestId)
    if ('allowed' in reservation) {
      const denial = denialOf(caller, reservation)
      caller.last.denial = denial
      return refusalResponse(denial, to)
    }
    const account = new CallAccount(reservation, price)
    return send({ input, plan, account, caller, to, fetch })
  }
}

interface Sending {
  readonly input: string | URL | Request
  readonly plan: Plan
  readonly account: CallAccount
  readonly caller: Caller
  readonly to: { readonly requestId: string; readonly isAnthropic: boolean }
  readonly fetch: Fetch
}

async function send({ input, plan, account, caller, to, fetch }: Sending): Promise<Response> {
  const { call, init } = plan
  const stop = new AbortController()
  const leave = caller.lifetime.onEnd((isGone) => {
    account.abandon()
    if (isGone) stop.abort(new Error(CLIENT_GONE))
  })
  account.onSettled(leave)
  const signal = init.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal
  try {
    if (signal.aborted) {
      account.settle('nothing')
      throw signal.reason
    }
    const response = await fetch(input, { ...init, signal })
    if (call !== undefined)
      return meteredResponse(response, { call, account, caller, stop, signal })
    account.settle(response.ok ? NO_USAGE : 'nothing')
    return response
  } catch (error) {
    account.settle(neverConnected(error) ? 'nothing' : lost(call))
    if (stop.signal.aborted) return clientGoneResponse(to)
    throw error
  }
}

/** What is charged where there was no answer. */
function lost(call: AiCall | undefined): TokenUsage {
  if (call === undefined) return NO_USAGE
  const { inputTokens, outputTokens, isStream } = call
  return { ...NO_USAGE, inputTokens, outputTokens: isStream ? 0 : outputTokens }
}

type Refused = Extract<ReturnType<typeof readCall>, { kind: 'refused' }>

/** undefined: it costs nothing. */
function planOf(
  outgoing: OutgoingRequest,
  init: RequestInit,
  { gate, identity }: Caller,
  desk: SpendDesk,
): Plan | { readonly refused: Refused } | undefined {
  const { method, path, body } = outgoing
  if (method === 'POST') {
    const read = readCall(path, body ?? new Uint8Array(), desk.policyOf(identity))
    if (read.kind === 'refused') return { refused: read }
    if (read.kind === 'call') {
      const { call } = read
      const sent = call.body === body ? init : withBody(init, call.body)
      return { call, price: desk.priceOf(call.model).price, init: sent }
    }
  }
  const price = isFree(outgoing) ? undefined : flatPriceOf(gate, desk)
  return price && { call: undefined, price, init }
}
