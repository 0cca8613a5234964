/**
 * The gateway: a reverse proxy that lets in only what the gate admits.
 *
 * node:http in front, one undici pool per upstream origin behind. A request is looked at as it was
 * sent (raw-request.ts), matched to a route, decided by the gate, and only then sent on; all of that
 * in one turn where the gate answers synchronously. Closing drains: no new connections, 503 for new
 * requests, and what is in flight may finish until the deadline.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../core/ports/logger.ts'
import { type GatewayMetrics, NO_GATEWAY_METRICS } from '../core/ports/metrics.ts'
import type { GatewaySettings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import type { RawRequest } from '../http/admission.ts'
import { createAdmissions } from '../http/admit.ts'
import { type ListenAddress, listen } from '../http/listen.ts'
import { createRefuse } from '../http/refusal.ts'
import { createRequestIds } from '../http/request-id.ts'
import { isSmallBody } from '../http/server/answer.ts'
import { Connections, type Refusals } from '../http/server/connections.ts'
import { createPeers } from '../http/server/peers.ts'
import { inspect } from '../http/server/raw-request.ts'
import { createStrictServer, type HandleRequest } from '../http/server/strict-server.ts'
import { Exchange, type ExchangeParts } from './exchange.ts'
import { createMetering } from './metering.ts'
import { ResponseHeaders } from './response-headers.ts'
import { NO_ROUTE, optionsFor, type Route, Routes } from './routes.ts'
import { Upstreams } from './upstream.ts'
import { UpstreamHeaders } from './upstream-headers.ts'
import { whenKnown } from './when-known.ts'

export interface GatewayOptions {
  readonly gate: Gate
  readonly settings: GatewaySettings
  /** Default: the gate's. */
  readonly log?: Logger
  /** Counts requests; default: nobody. */
  readonly metrics?: GatewayMetrics
}

export interface Gateway {
  readonly server: Server
  /** Resolves with the address once connections are accepted; port 0 picks a free one. */
  listen(where: ListenAddress): Promise<AddressInfo>
  /** Drains: resolves when every request has been answered or cut. Leaves the gate open. */
  close(): Promise<void>
}

/**
 * Builds a gateway; nothing listens yet.
 *
 * @throws ConfigError for an upstream that is not an http or https URL.
 * @example
 * const gateway = createGateway({ gate, settings: settings.gateway })
 * const { port } = await gateway.listen({ port: 8787, host: '127.0.0.1' })
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { gate, settings, log = gate.log, metrics = NO_GATEWAY_METRICS } = options
  const upstreams = new Upstreams(settings)
  const refusal = createRefusals(gate)
  const connections = new Connections(createPeers(gate.http), refusal)
  const handle = createHandler(gate, settings, connections, {
    routes: new Routes(settings, upstreams.of),
    parts: {
      gate,
      log,
      metrics,
      refusal,
      upstreamHeaders: new UpstreamHeaders(settings.upstreamHeaders),
      responseHeaders: new ResponseHeaders(gate.http.legacyHeaders),
      maxBodyBytes: settings.maxBodyBytes,
      stallTimeoutMs: settings.upstreamIdleTimeoutMs,
      isDraining: () => connections.isDraining,
    },
  })

  const server = createStrictServer(settings, connections, handle)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= drain(server, connections, settings.drainTimeoutMs).then(() => upstreams.close())
    return closing
  }
  return Object.freeze({ server, listen: (where: ListenAddress) => listen(server, where), close })
}

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

function createHandler(
  gate: Gate,
  settings: GatewaySettings,
  connections: Connections,
  { routes, parts }: { readonly routes: Routes; readonly parts: ExchangeParts },
): HandleRequest {
  const { admit, recognise } = createAdmissions(gate)
  const meter = createMetering(settings, { ...parts, admit, recognise })
  return function handle(connection, request, response, expectsContinue) {
    let route: Route | undefined
    parts.metrics.began()
    response.on('close', () => {
      const status = response.headersSent ? response.statusCode : undefined
      parts.metrics.ended(route?.name ?? 'none', status)
    })
    const sound = inspect(request, settings.maxBodyBytes)
    if (!sound.ok || connections.isDraining) {
      const refusal = parts.refusal(sound.ok ? 'overloaded' : sound.code)
      const close = refusal.close || expectsContinue || !declaresSmallBody(request)
      connection.refuse(response, refusal, close)
      return
    }
    const { method, target } = sound
    route = routes.match(method, target)
    const arrival = { request, response, connection, sound, route, expectsContinue }
    const options = route === undefined ? NO_ROUTE : optionsFor(route, method)
    const raw: RawRequest = {
      method,
      target: target.pathAndQuery,
      rawHeaders: request.rawHeaders,
      remoteAddress: connection.remoteAddress,
    }
    if (route !== undefined && meter?.({ ...arrival, route, raw, options })) return
    const exchange = new Exchange(parts, arrival)
    whenKnown(admit(raw, options), (admission) => exchange.decided(admission))
  }
}

/** For requests that were not found sound; the parser has made sure that this is a number. */
function declaresSmallBody({ headers }: IncomingMessage): boolean {
  return (
    headers['transfer-encoding'] === undefined &&
    isSmallBody(Number(headers['content-length'] ?? 0))
  )
}

/** Refusals of requests that the gate never saw have an id of their own. */
function createRefusals(gate: Gate): Refusals {
  const refuse = createRefuse(gate.http)
  const nextRequestId = createRequestIds()
  return function refusal(code, requestId = nextRequestId()) {
    const made = refuse(code, { requestId })
    if (code !== 'method_not_allowed') return made
    return { ...made, headers: [...made.headers, ['Allow', ALLOWED_METHODS]] }
  }
}

function drain(server: Server, connections: Connections, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => connections.cut(), timeoutMs)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
  })
}
