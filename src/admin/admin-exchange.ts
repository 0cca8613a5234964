/**
 * One request of the admin API and its answer: found, admitted, its body read, handled, answered; in
 * this order, so that nobody learns from a body what a key would not have told. Ends exactly once.
 * A failure becomes its refusal; a bug is 500 without detail, and the detail goes to the log.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Denied } from '../core/decision.ts'
import { type ErrorCode, LockgateError } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Gate } from '../engine/gate.ts'
import type { RawRequest, Refusal } from '../http/admission.ts'
import type { Refuse } from '../http/refusal.ts'
import { onResponseEnd } from '../http/response-end.ts'
import { closeGentlyAtEnd, isSmallBody } from '../http/server/answer.ts'
import type { Connection, InFlight } from '../http/server/connection.ts'
import type { SoundRequest } from '../http/server/raw-request.ts'
import type { Admitted, CheckAccess } from './access.ts'
import { checkBodyType, mediaTypeOf, readAs, readBytes } from './body/read-body.ts'
import type { AdminAnswer, AdminRoute, ArrivingRequest, FindRoute } from './routes.ts'

const MAX_BODY_BYTES = 65_536

/** What all exchanges of a server have in common. */
export interface AdminParts {
  readonly gate: Gate | undefined
  readonly log: Logger
  readonly findRoute: FindRoute
  readonly checkAccess: CheckAccess
  readonly refuse: Refuse
  readonly nextRequestId: () => string
}

/** The request as it arrived. */
export interface Arrival {
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly sound: SoundRequest
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean
}

type Problem = Pick<Partial<Denied>, 'message' | 'retryAfterSeconds' | 'scope' | 'limits'> & {
  readonly code: ErrorCode
}

export class AdminExchange implements InFlight {
  readonly #parts: AdminParts
  readonly #arrival: Arrival
  readonly #headers: (readonly [name: string, value: string])[] = []
  #route: AdminRoute | undefined
  #requestId: string
  #continued: boolean
  #done = false

  constructor(parts: AdminParts, arrival: Arrival) {
    this.#parts = parts
    this.#arrival = arrival
    this.#requestId = parts.nextRequestId()
    this.#continued = !arrival.expectsContinue
    arrival.connection.begin(this)
  }

  get isReading(): boolean {
    return this.#arrival.sound.bodyBytes !== 0 && !this.#arrival.request.complete
  }

  fail(code: ErrorCode): void {
    this.#deny({ code })
  }

  abandon(): void {
    this.#finish()
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#handle()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #handle(): Promise<void> {
    const { findRoute, checkAccess } = this.#parts
    const { sound, request, connection } = this.#arrival
    const { method } = sound
    const { pathAndQuery, pathEnd } = sound.target
    const found = findRoute({ method, path: pathAndQuery.slice(0, pathEnd) })
    if (found.kind !== 'route') {
      if (found.kind === 'method_not_allowed') this.#headers.push(['Allow', found.allow])
      this.fail(found.kind)
      return
    }
    const { route, params } = found
    this.#route = route
    const query = new URLSearchParams(pathAndQuery.slice(pathEnd + 1))
    const { rawHeaders, headers } = request
    const { remoteAddress, peer } = connection
    const raw: RawRequest = { method, target: pathAndQuery, rawHeaders, remoteAddress }
    const arriving: ArrivingRequest = { method, query, headers, isFromProxy: peer.trusted }
    const access = await checkAccess(route, raw, arriving, this.#requestId)
    if ('allowed' in access) this.#deny(access)
    else if ('status' in access) this.#refuse(access)
    else {
      this.#admitted(access)
      const body = await this.#readBody(route)
      const { address, caller } = access
      const requestId = this.#requestId
      const asked = { requestId, params, query, headers, body, address, caller }
      const handled = this.#done ? undefined : await route.handle(asked)
      if (handled === undefined) return
      if ('allowed' in handled) this.#deny(handled)
      else this.#answer(handled)
    }
  }

  #admitted({ charged }: Admitted): void {
    if (charged === undefined) return
    const { gate } = this.#parts
    const { request, response } = this.#arrival
    const { allowed, requestId, headers } = charged
    this.#requestId = requestId
    this.#headers.push(...headers)
    if (allowed.mustSettle) onResponseEnd(request, response, () => gate?.settle(allowed, requestId))
  }

  async #readBody(route: AdminRoute): Promise<unknown> {
    const { request, response, sound } = this.#arrival
    const { body: kind, maxBodyBytes = MAX_BODY_BYTES } = route
    if (sound.bodyBytes > maxBodyBytes) throw new LockgateError('body_too_large')
    if (kind === undefined) return undefined
    const isAbsent = sound.bodyBytes === 0
    if (isAbsent && route.bodyIsOptional === true) return undefined
    try {
      checkBodyType(kind, request)
    } catch (error) {
      this.#headers.push(['Accept-Post', mediaTypeOf(kind)], ['Accept-Encoding', 'identity'])
      throw error
    }
    if (!this.#continued) response.writeContinue()
    this.#continued = true
    return readAs(kind, isAbsent ? Buffer.alloc(0) : await readBytes(request, maxBodyBytes))
  }

  #answer({ status, contentType, body, headers }: AdminAnswer): void {
    if (this.#done) return
    const { connection, response, sound } = this.#arrival
    if (this.#leavesUnread(sound.bodyBytes)) {
      connection.closing = true
      closeGentlyAtEnd(connection.socket)
      response.shouldKeepAlive = false
    }
    for (const [name, value] of this.#headers) response.setHeader(name, value)
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    response.end(body)
    this.#finish()
  }

  #deny(problem: Problem): void {
    const requestId = this.#requestId
    this.#refuse(this.#parts.refuse(problem.code, { ...problem, requestId }))
  }

  #refuse(refusal: Refusal): void {
    if (this.#done) return
    const { connection, request, response, sound } = this.#arrival
    const asked = { requestId: this.#requestId, headers: request.headers }
    const worded = this.#route?.refuse?.(refusal, asked) ?? refusal
    const headers = [...this.#headers, ...worded.headers]
    const close = worded.close || this.#leavesUnread(sound.bodyBytes)
    connection.refuse(response, { ...worded, headers }, close)
    this.#finish()
  }

  #failed(error: unknown): void {
    if (this.#done) return
    if (error instanceof LockgateError && error.code !== 'internal') {
      this.#deny({ code: error.code, message: error.message })
      return
    }
    const fields = { err: error, request_id: this.#requestId }
    this.#parts.log.error(fields, 'an admin request failed')
    this.fail('internal')
  }

  /** Bytes that may still come and would be taken for the next request. */
  #leavesUnread(bodyBytes: number): boolean {
    return this.isReading && (!this.#continued || !isSmallBody(bodyBytes))
  }

  #finish(): void {
    this.#done = true
    this.#arrival.connection.end()
  }
}
