/**
 * One request that costs money, and its answer: held before it is sent, charged when it is over.
 *
 * A call of an AI API is read before it is decided, and its answer is looked at while it passes; of
 * other requests only the price is known. Whatever the end (answered, refused, cut, abandoned, lost),
 * the cost is settled exactly once. Nothing is sent twice.
 */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { ErrorCode } from '../core/errors.ts'
import type { Admission } from '../http/admission.ts'
import type { Admit } from '../http/admit.ts'
import type { InFlight } from '../http/server/connection.ts'
import { AnswerPass } from './answer-pass.ts'
import { CallCharge } from './call-charge.ts'
import { type CallArrival, CallIntake, type CallIntakeParts } from './call-intake.ts'
import type { AnswerHeaders, Charge } from './charge.ts'
import { ClientSide } from './client-side.ts'
import type { ExchangeParts } from './exchange.ts'
import { RequestBody } from './request-body.ts'
import type { Route } from './routes.ts'
import { abortReason, upstreamErrorCode } from './upstream-errors.ts'
import { whenKnown } from './when-known.ts'

export interface MeteredParts extends ExchangeParts, CallIntakeParts {
  readonly admit: Admit
}

export interface MeteredArrival extends CallArrival {
  readonly route: Route
}

type Admitted = Extract<Admission, { admitted: true }>

/** Larger bodies are given away as they are sent, instead of being kept until the answer is over. */
const MAX_KEPT_BYTES = 65_536

export class MeteredExchange implements Dispatcher.DispatchHandler, InFlight {
  readonly #parts: MeteredParts
  readonly #arrival: MeteredArrival
  readonly #client: ClientSide
  #charge: Charge | undefined
  #admission: Admitted | undefined
  #intake: CallIntake | undefined
  #passing: RequestBody | undefined
  #controller: Dispatcher.DispatchController | undefined
  #answer: AnswerPass | undefined
  #sentAtMs = 0
  #isSent = false
  #isDone = false

  constructor(parts: MeteredParts, arrival: MeteredArrival) {
    this.#parts = parts
    this.#arrival = arrival
    this.#client = new ClientSide(parts, arrival)
    arrival.connection.begin(this)
  }

  get isReading(): boolean {
    return this.#client.isReading
  }

  /** A request with a price of its own. */
  takePriced(charge: Charge): void {
    const { raw, options } = this.#arrival
    this.#charge = charge
    const admission = this.#parts.admit(raw, { ...options, spend: charge.intent })
    whenKnown(admission, (known) => this.#decided(known, undefined))
  }

  /** A call of an AI API, whose price is in its body. */
  takeCall(): void {
    this.#intake = new CallIntake(this.#parts, this.#arrival, {
      decided: (admission, charge, body) => {
        this.#charge = charge
        this.#decided(admission, body)
      },
      rejected: (rejection) => this.#refuse(rejection),
      failed: (code) => this.fail(code),
    })
    this.#intake.start()
  }

  fail(code: ErrorCode): void {
    if (this.#isDone) return
    if (!this.#client.hasBegun) {
      this.#client.refuse(this.#parts.refusal(code, this.#admission?.requestId))
      this.#finish()
      return
    }
    this.#finish()
    this.#client.cut()
  }

  abandon(): void {
    if (!this.#isDone) this.#finish()
  }

  /** The client may have left by then. `body`: what was read, as it is sent on. */
  #decided(admission: Admission, body: Uint8Array | undefined): void {
    if (!admission.admitted) {
      if (!this.#isDone) this.#refuse(admission)
      return
    }
    this.#admission = admission
    if (this.#isDone) this.#settle()
    else this.#send(admission, body)
  }

  #send(admission: Admitted, body: Uint8Array | undefined): void {
    const { request, response, connection, sound, expectsContinue, route } = this.#arrival
    const { upstream } = route
    if (body === undefined && sound.bodyBytes !== 0) {
      this.#passing = new RequestBody(request, this.#parts.maxBodyBytes)
      if (expectsContinue) response.writeContinue()
    }
    const headers = this.#parts.upstreamHeaders.build({
      rawHeaders: request.rawHeaders,
      connection: sound.connection,
      peer: connection.peer,
      clientHost: sound.host,
      upstreamHost: upstream.host,
      identity: admission.identity,
      requestId: admission.requestId,
      bodyBytes: body?.length,
      isAnswerRead: this.#charge?.reads,
    })
    const { method, target } = sound
    const path = upstream.basePath + target.pathAndQuery
    this.#sentAtMs = performance.now()
    const sent = body === undefined ? (this.#passing ?? null) : sendable(body)
    upstream.pool.dispatch({ method, path, headers, body: sent }, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isDone) controller.abort(abortReason())
    else this.#isSent = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    parsed: AnswerHeaders,
    reason = '',
  ): void {
    const admission = this.#admission
    const charge = this.#charge
    if (status < 200 || this.#isDone || admission === undefined || charge === undefined) return
    const { responseHeaders, upstreamHeaders, metrics } = this.#parts
    metrics.upstreamAnswered(performance.now() - this.#sentAtMs)
    // What led here is of no use while a stream runs for minutes.
    this.#intake?.release()
    this.#intake = undefined
    charge.answered(status, parsed)
    if (status === 401 && upstreamHeaders.suppliesCredential) {
      this.fail('upstream_auth_failed')
      return
    }
    const isStream = charge instanceof CallCharge && charge.isStream
    const raw = controller.rawHeaders as Buffer[]
    const hasLength = !isStream && status !== 204
    const headers = responseHeaders.build(raw, status, admission.headers, hasLength)
    this.#answer = new AnswerPass({
      ...{ client: this.#client, charge, controller, requestId: admission.requestId },
      reservation: admission.allowed.reservation,
      onStall: () => this.fail('request_timeout'),
      onCut: () => this.#finish(),
    })
    this.#client.begin(status, reason, headers)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (!this.#isDone) this.#answer?.write(chunk)
  }

  onResponseEnd(): void {
    if (this.#isDone) return
    this.#controller = undefined
    this.#answer?.end()
    this.#finish()
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#isDone) return
    const code = upstreamErrorCode(error, this.#isSent)
    const requestId = this.#admission?.requestId
    this.#parts.log.warn({ code, request_id: requestId, reason: error.message }, 'upstream failed')
    this.fail(code)
  }

  #refuse({ refusal }: Exclude<Admission, Admitted>): void {
    this.#client.refuse(refusal)
    this.#finish()
  }

  #finish(): void {
    this.#isDone = true
    this.#answer?.stop()
    this.#controller?.abort(abortReason())
    this.#intake?.stop()
    this.#passing?.destroy()
    this.#settle()
    this.#client.finish()
  }

  #settle(): void {
    if (this.#admission === undefined) return
    const { allowed, requestId } = this.#admission
    if (allowed.reservation !== undefined && this.#charge !== undefined) {
      const { amount, usage } = this.#charge.cost(this.#isSent)
      allowed.reservation.settle(amount, usage)
    }
    if (allowed.mustSettle) this.#parts.gate.settle(allowed, requestId)
  }
}

const sendable = (body: Uint8Array): Uint8Array | Readable =>
  body.length <= MAX_KEPT_BYTES ? body : Readable.from([body], { objectMode: false })
