/**
 * One request and its answer: admission, upstream, back to the client.
 *
 * An undici handler that writes straight into node's response; bytes are never held beyond one
 * chunk. Each exchange ends exactly once: answered, refused, cut, or abandoned. Nothing is sent
 * twice. An answer that cannot be completed ends with a destroyed socket, never with a fake end.
 */
import type { Dispatcher } from 'undici'
import type { ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { GatewayMetrics } from '../core/ports/metrics.ts'
import type { Gate } from '../engine/gate.ts'
import type { Admission, Refusal } from '../http/admission.ts'
import type { InFlight } from '../http/server/connection.ts'
import { type Arrival, ClientSide, type ClientSideParts } from './client-side.ts'
import { RequestBody } from './request-body.ts'
import type { ResponseHeaders } from './response-headers.ts'
import type { Route } from './routes.ts'
import { abortReason, upstreamErrorCode } from './upstream-errors.ts'
import type { UpstreamHeaders } from './upstream-headers.ts'

/** What all exchanges of a gateway have in common. */
export interface ExchangeParts extends ClientSideParts {
  readonly gate: Gate
  readonly log: Logger
  readonly metrics: GatewayMetrics
  readonly upstreamHeaders: UpstreamHeaders
  readonly responseHeaders: ResponseHeaders
  readonly maxBodyBytes: number
  refusal(code: ErrorCode, requestId?: string): Refusal
}

type Admitted = Extract<Admission, { admitted: true }>

export class Exchange implements Dispatcher.DispatchHandler, InFlight {
  readonly #parts: ExchangeParts
  readonly #arrival: Arrival
  readonly #client: ClientSide
  #admission: Admitted | undefined
  #controller: Dispatcher.DispatchController | undefined
  #body: RequestBody | undefined
  #sentAtMs = 0
  #done = false

  constructor(parts: ExchangeParts, arrival: Arrival) {
    this.#parts = parts
    this.#arrival = arrival
    this.#client = new ClientSide(parts, arrival)
    arrival.connection.begin(this)
  }

  get isReading(): boolean {
    return this.#client.isReading
  }

  /** Goes on once the gate has decided; the client may have left by then. */
  decided(admission: Admission): void {
    if (!admission.admitted) {
      if (!this.#done) this.#refuse(admission.refusal)
      return
    }
    this.#admission = admission
    if (this.#done) this.#settle()
    else if (this.#arrival.route === undefined) this.fail('unknown_route')
    else this.#send(this.#arrival.route, admission)
  }

  /** Refuses with a code; cuts the answer if it has begun. */
  fail(code: ErrorCode): void {
    if (this.#done) return
    if (!this.#client.hasBegun) {
      this.#refuse(this.#parts.refusal(code, this.#admission?.requestId))
      return
    }
    this.#finish()
    this.#client.cut()
  }

  abandon(): void {
    if (!this.#done) this.#finish()
  }

  #send({ upstream }: Route, admission: Admitted): void {
    const { request, response, connection, sound, expectsContinue } = this.#arrival
    if (sound.bodyBytes !== 0) {
      this.#body = new RequestBody(request, this.#parts.maxBodyBytes)
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
    })
    const { method, target } = sound
    const path = upstream.basePath + target.pathAndQuery
    this.#sentAtMs = performance.now()
    upstream.pool.dispatch({ method, path, headers, body: this.#body ?? null }, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#done) controller.abort(abortReason())
  }

  onResponseStart(
    { rawHeaders }: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    if (status < 200 || this.#done || this.#admission === undefined) return
    const { responseHeaders, upstreamHeaders, metrics } = this.#parts
    metrics.upstreamAnswered(performance.now() - this.#sentAtMs)
    if (status === 401 && upstreamHeaders.suppliesCredential) {
      this.fail('upstream_auth_failed')
      return
    }
    const { headers: ours } = this.#admission
    const headers = responseHeaders.build(rawHeaders as Buffer[], status, ours)
    this.#client.begin(status, reason, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#done) this.#client.write(chunk, controller, this.#onStall)
  }

  onResponseEnd(): void {
    if (this.#done) return
    this.#controller = undefined
    this.#client.end()
    this.#finish()
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#done) return
    const code = upstreamErrorCode(error, this.#controller !== undefined)
    const requestId = this.#admission?.requestId
    this.#parts.log.warn({ code, request_id: requestId, reason: error.message }, 'upstream failed')
    this.fail(code)
  }

  readonly #onStall = (): void => this.fail('request_timeout')

  #refuse(refusal: Refusal): void {
    this.#client.refuse(refusal)
    this.#finish()
  }

  #finish(): void {
    this.#done = true
    this.#controller?.abort(abortReason())
    this.#body?.destroy()
    this.#settle()
    this.#client.finish()
  }

  #settle(): void {
    if (this.#admission?.allowed.mustSettle !== true) return
    this.#parts.gate.settle(this.#admission.allowed, this.#admission.requestId)
  }
}
