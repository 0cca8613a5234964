/**
 * The admin listener. This version answers GET /health; everything else is 404 `unknown_route`.
 * Bodies are never read: a connection that sends one is closed after its answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { GateHealth } from '../engine/gate.ts'
import { type ListenAddress, listen } from '../http/listen.ts'
import { createRefuse } from '../http/refusal.ts'
import { createRequestIds } from '../http/request-id.ts'
import { writeRefusal } from '../http/write-refusal.ts'
import { answerHealth } from './health/health.ts'

const TIMEOUT_MS = 10_000

export interface AdminServerOptions {
  readonly health: () => GateHealth
  /** True from the moment on that the process shuts down. */
  readonly isDraining: () => boolean
}

export interface AdminServer {
  /** Resolves with the address once connections are accepted; rejects where it cannot listen. */
  listen(where: ListenAddress): Promise<AddressInfo>
  close(): Promise<void>
}

export function createAdminServer(options: AdminServerOptions): AdminServer {
  const refuse = createRefuse({ errors: 'lockgate', legacyHeaders: false, realm: 'admin' })
  const nextRequestId = createRequestIds()
  const refusal = (code: ErrorCode) => refuse(code, { requestId: nextRequestId() })

  const server = createServer(
    { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, maxHeaderSize: 16_384 },
    (request, response) => {
      if (hasBody(request)) response.setHeader('Connection', 'close')
      if (pathOf(request) !== '/health') return writeRefusal(response, refusal('unknown_route'))
      if (request.method === 'GET' || request.method === 'HEAD')
        return sendHealth(response, options)
      response.setHeader('Allow', 'GET, HEAD')
      writeRefusal(response, refusal('method_not_allowed'))
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

function sendHealth(response: ServerResponse, { health, isDraining }: AdminServerOptions): void {
  const { status, body } = answerHealth(health(), isDraining())
  response.writeHead(status, {
    'Content-Type': 'application/json',
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
