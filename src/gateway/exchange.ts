/**
 * One request and its answer: admission, upstream, back to the client.
 *
 * An undici handler that writes straight into node's response; bytes are never held beyond one
 * chunk. Each exchange ends exactly once: answered, refused, cut, or abandoned. Nothing is sent
 * twice. An answer that cannot be completed ends with a destroyed socket, never with a fake end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { GatewayMetrics } from '../core/ports/metrics.ts'
import type { Gate } from '../engine/gate.ts'
import type { Admission, Refusal } from '../http/admission.ts'
import { closeGentlyAtEnd, cut, isSmallBody } from '../http/server/answer.ts'
import type { Connection, InFlight } from '../http/server/connection.ts'
import type { SoundRequest } from '../http/server/raw-request.ts'
import { BodyWriter } from './body-writer.ts'
import { RequestBody } from './request-body.ts'
import { type ResponseHeaders, reasonPhrase } from './response-headers.ts'
import type { Route } from './routes.ts'
import { abortReason, upstreamErrorCode } from './upstream-errors.ts'
import type { UpstreamHeaders } from './upstream-headers.ts'

/** What all exchanges of a gateway have in common. */
export interface ExchangeParts {
  readonly gate: Gate
  readonly log: Logger
  readonly metrics: GatewayMetrics
  readonly upstreamHeaders: UpstreamHeaders
  readonly responseHeaders: ResponseHeaders
  readonly maxBodyBytes: number
  /** How long a client may leave an answer unread. */
  readonly stallTimeoutMs: number
  refusal(code: ErrorCode, requestId?: string): Refusal
  isDraining(): boolean
}

/** The request as it arrived. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly sound: SoundRequest
  readonly route: Route | undefined
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean
}

type Admitted = Extract<Admission, { admitted: true }>

export class Exchange implements Dispatcher.DispatchHandler, InFlight {
  readonly #parts: ExchangeParts
  readonly #arrival: Arrival
  #admission: Admitted | undefined
  #controller: Dispatcher.DispatchController | undefined
  #body: RequestBody | undefined
  #stall: NodeJS.Timeout | undefined
  /** Set once the head of the answer is written. */
  #writer: BodyWriter | undefined
  #sentAtMs = 0
  #done = false

  constructor(parts: ExchangeParts, arrival: Arrival) {
    this.#parts = parts
    this.#arrival = arrival
    arrival.connection.begin(this)
  }

  get isReading(): boolean {
    return this.#arrival.sound.bodyBytes !== 0 && !this.#arrival.request.complete
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
    if (this.#writer === undefined) {
      this.#refuse(this.#parts.refusal(code, this.#admission?.requestId))
      return
    }
    this.#finish()
    cut(this.#arrival.connection.socket, this.#arrival.request.httpVersionMinor)
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
    this.#decideConnection()
    this.#arrival.response.writeHead(status, reasonPhrase(reason), headers)
    this.#writer = new BodyWriter(this.#arrival.response)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done || this.#writer?.write(chunk) !== false) return
    controller.pause()
    this.#stall = setTimeout(() => this.fail('request_timeout'), this.#parts.stallTimeoutMs)
    this.#arrival.response.once('drain', () => {
      clearTimeout(this.#stall)
      controller.resume()
    })
  }

  onResponseEnd(): void {
    if (this.#done) return
    this.#controller = undefined
    this.#writer?.end()
    this.#finish()
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#done) return
    const code = upstreamErrorCode(error, this.#controller !== undefined)
    const requestId = this.#admission?.requestId
    this.#parts.log.warn({ code, request_id: requestId, reason: error.message }, 'upstream failed')
    this.fail(code)
  }

  /** An answer that comes before the body has arrived, or during a shutdown, is the last one. */
  #decideConnection(): void {
    const { connection, response, sound } = this.#arrival
    if (this.isReading && !isSmallBody(sound.bodyBytes)) {
      connection.closing = true
      closeGentlyAtEnd(connection.socket)
      response.shouldKeepAlive = false
    } else if (this.#parts.isDraining()) response.shouldKeepAlive = false
  }

  #refuse(refusal: Refusal): void {
    const { response, connection, sound, expectsContinue } = this.#arrival
    const unread = this.isReading && (expectsContinue || !isSmallBody(sound.bodyBytes))
    const close = refusal.close || unread || this.#parts.isDraining()
    connection.refuse(response, refusal, close)
    this.#finish()
  }

  #finish(): void {
    this.#done = true
    clearTimeout(this.#stall)
    this.#controller?.abort(abortReason())
    this.#body?.destroy()
    this.#settle()
    this.#arrival.connection.end()
  }

  #settle(): void {
    if (this.#admission?.allowed.mustSettle !== true) return
    this.#parts.gate.settle(this.#admission.allowed, this.#admission.requestId)
  }
}
