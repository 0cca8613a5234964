/**
 * The admin listener: a strict server (src/http/server), a table of routes (api-routes.ts), and for
 * each request an exchange. What is not in the table is 404 `unknown_route`, whoever asks.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { HttpSettings } from '../core/settings.ts'
import { type ListenAddress, listen } from '../http/listen.ts'
import { createRefuse } from '../http/refusal.ts'
import { createRequestIds } from '../http/request-id.ts'
import { isSmallBody } from '../http/server/answer.ts'
import type { Connection } from '../http/server/connection.ts'
import { Connections } from '../http/server/connections.ts'
import { createPeers } from '../http/server/peers.ts'
import { inspect } from '../http/server/raw-request.ts'
import { createStrictServer } from '../http/server/strict-server.ts'
import { ADMIN_HTTP, createAccess } from './access.ts'
import { AdminExchange, type AdminParts } from './admin-exchange.ts'
import { type ApiOptions, apiRoutes } from './api-routes.ts'
import { createFindRoute } from './routes.ts'

const TIMEOUT_MS = 10_000
/** What is in flight when the server closes has this long to end. */
const DRAIN_MS = 5_000

export interface AdminServerOptions extends ApiOptions {
  /** For headers and body to arrive; default 10 s. */
  readonly timeoutMs?: number
}

export interface AdminServer {
  /** Resolves with the address once connections are accepted; rejects where it cannot listen. */
  listen(where: ListenAddress): Promise<AddressInfo>
  /** Resolves when every request has been answered, or cut by the deadline. */
  close(): Promise<void>
}

/** Without a gate, what needs a key is 503 `auth_unavailable`. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { gate, log, timeoutMs = TIMEOUT_MS } = options
  const http = gate?.http ?? NO_HTTP
  const refuse = createRefuse({ ...http, ...ADMIN_HTTP })
  const nextRequestId = createRequestIds()
  const connections = new Connections(createPeers(http), (code, requestId = nextRequestId()) =>
    refuse(code, { requestId }),
  )
  const parts: AdminParts = {
    ...{ gate, log, refuse, nextRequestId },
    findRoute: createFindRoute(apiRoutes(options)),
    checkAccess: createAccess(gate),
  }

  function handle(
    connection: Connection,
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): void {
    const sound = inspect(request, Number.POSITIVE_INFINITY)
    if (sound.ok) {
      const arrival = { connection, request, response, sound, expectsContinue }
      void new AdminExchange(parts, arrival).run()
      return
    }
    const refusal = withAllow(refuse(sound.code, { requestId: nextRequestId() }), sound.code)
    connection.refuse(response, refusal, refusal.close || expectsContinue || hasLargeBody(request))
  }

  const timeouts = { headersTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs }
  const server = createStrictServer(timeouts, connections, handle)
  return {
    listen: (where) => listen(server, where),
    close: () => drain(server, connections),
  }
}

const NO_HTTP: HttpSettings = Object.freeze({
  ...{ trustedProxies: [], ipv6PrefixBits: 64, legacyHeaders: false },
  ...ADMIN_HTTP,
})

/** TRACE is refused before its path is looked at. */
function withAllow(refusal: ReturnType<ReturnType<typeof createRefuse>>, code: ErrorCode) {
  if (code !== 'method_not_allowed') return refusal
  return { ...refusal, headers: [...refusal.headers, ['Allow', 'GET, HEAD, POST'] as const] }
}

const hasLargeBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || !isSmallBody(Number(headers['content-length'] ?? 0))

function drain(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => connections.cut(), DRAIN_MS)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
  })
}
