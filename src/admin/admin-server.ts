/**
 * The admin listener: a table of routes, each open to all or to keys with a scope; everything else is
 * 404 `unknown_route`. Keys are checked by the gate as they are everywhere, so an admin's key has its
 * limits and a guesser is slowed down here, too. Bodies are never read: a connection that sends one is
 * closed after its answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Gate } from '../engine/gate.ts'
import { createAdmission } from '../http/admit.ts'
import { type ListenAddress, listen } from '../http/listen.ts'
import { createRefuse } from '../http/refusal.ts'
import { createRequestIds } from '../http/request-id.ts'
import { onResponseEnd } from '../http/response-end.ts'
import { writeRefusal } from '../http/write-refusal.ts'
import { type HealthOptions, healthRoutes } from './health/health.ts'
import { type MetricsSource, metricsRoute } from './metrics/metrics.ts'
import { type AdminAnswer, type AdminRequest, type AdminRoute, findRoute } from './routes.ts'

const TIMEOUT_MS = 10_000

export interface AdminServerOptions extends HealthOptions {
  /** Checks the keys of those who ask. Without a gate, what needs a key is 503 `auth_unavailable`. */
  readonly gate?: Gate | undefined
  /** Without it there is no `/metrics`. */
  readonly metrics?: MetricsSource | undefined
  readonly log: Logger
}

export interface AdminServer {
  /** Resolves with the address once connections are accepted; rejects where it cannot listen. */
  listen(where: ListenAddress): Promise<AddressInfo>
  close(): Promise<void>
}

export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { metrics, log } = options
  const refuse = createRefuse({ errors: 'lockgate', legacyHeaders: false, realm: 'admin' })
  const nextRequestId = createRequestIds()
  const refusal = (code: ErrorCode) => refuse(code, { requestId: nextRequestId() })
  const isAdmitted = createAdminCheck(options.gate, refusal)
  const routes = [
    ...healthRoutes(options),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
  ]

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (hasBody(request)) response.setHeader('Connection', 'close')
    const found = findRoute(routes, { method: request.method ?? '', path: pathOf(request) })
    if (found.kind !== 'route') {
      if (found.kind === 'method_not_allowed') response.setHeader('Allow', found.allow)
      writeRefusal(response, refusal(found.kind))
    } else if (await isAdmitted(found.route, request, response)) {
      send(response, await found.route.handle(bareRequest(request, nextRequestId())))
    }
  }

  const server = createServer(
    { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, maxHeaderSize: 16_384 },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        const requestId = nextRequestId()
        log.error({ err: error, request_id: requestId }, 'an admin request failed')
        writeRefusal(response, refuse('internal', { requestId }))
      })
    },
  )
  server.on('clientError', (_error, socket: Socket) => {
    const { status, headers, body } = refusal('bad_request')
    const lines = headers.map(([name, value]) => `${name}: ${value}`)
    if (socket.writable)
      socket.end(`HTTP/1.1 ${status} Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    else socket.destroy()
  })
  return { listen: (where) => listen(server, where), close: () => close(server) }
}

type AdminCheck = (
  route: AdminRoute,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean>

/** Answers those who may not ask; resolves with whether they may. */
function createAdminCheck(
  gate: Gate | undefined,
  refusal: (code: ErrorCode) => Parameters<typeof writeRefusal>[1],
): AdminCheck {
  const admit = gate && createAdmission(gate)
  return async function isAdmitted({ access }, request, response) {
    if (access === 'public') return true
    if (gate === undefined || admit === undefined) {
      writeRefusal(response, refusal('auth_unavailable'))
      return false
    }
    const { method = '', url: target = '', rawHeaders, socket } = request
    const { remoteAddress } = socket
    const admission = await admit({ method, target, rawHeaders, remoteAddress }, { scope: access })
    if (!admission.admitted) {
      writeRefusal(response, admission.refusal)
      return false
    }
    const { allowed, requestId, headers } = admission
    if (allowed.mustSettle) onResponseEnd(request, response, () => gate.settle(allowed, requestId))
    for (const [name, value] of headers) response.setHeader(name, value)
    return true
  }
}

const bareRequest = ({ headers }: IncomingMessage, requestId: string): AdminRequest => ({
  ...{ requestId, headers, params: {}, query: new URLSearchParams(), body: undefined },
  ...{ address: undefined, caller: undefined },
})

function send(response: ServerResponse, { status, contentType, body }: AdminAnswer): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? ''

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
