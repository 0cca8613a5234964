/**
 * A server of node:http that is strict: with time-outs, with every limit that we check ourselves off,
 * and with pipelined requests in turn. What never becomes a request is answered by `connections`.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import { MAX_HEADER_BYTES } from './raw-request.ts'
import { MAX_TARGET_BYTES } from './target.ts'

/** How often time-outs are looked for; they fire at most this much late. */
const CHECK_INTERVAL_MS = 1_000
/** Longer than the idle time of usual load balancers, so that they close first. */
const KEEP_ALIVE_MS = 65_000

export interface ServerTimeouts {
  /** From the first byte to the last header. */
  readonly headersTimeoutMs: number
  /** From the first byte to the last byte of the body. */
  readonly requestTimeoutMs: number
}

/** `expectsContinue`: the client waits for 100 Continue before it sends its body. */
export type HandleRequest = (
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
) => void

/** `handle` is called when it is a request's turn. Nothing listens yet. */
export function createStrictServer(
  timeouts: ServerTimeouts,
  connections: Connections,
  handle: HandleRequest,
): Server {
  const server = createServer(serverOptions(timeouts))
  // node drops header lines beyond this number without a word; 0 keeps all, to be counted by us.
  server.maxHeadersCount = 0
  connections.attach(server)

  function take(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): void {
    const connection = connections.of(request.socket)
    if (connection === undefined || connection.closing) return
    if (connection.isBusy) {
      connection.defer(() => take(request, response, expectsContinue))
      return
    }
    connection.expect(response)
    handle(connection, request, response, expectsContinue)
  }
  server.on('request', (request, response) => take(request, response, false))
  server.on('checkContinue', (request, response) => take(request, response, true))
  server.on('checkExpectation', (request, response) => take(request, response, false))
  return server
}

export function serverOptions({
  headersTimeoutMs,
  requestTimeoutMs,
}: ServerTimeouts): ServerOptions {
  return {
    // Our own limits answer first; the parser's is for what passes both.
    maxHeaderSize: MAX_TARGET_BYTES + MAX_HEADER_BYTES + 1024,
    insecureHTTPParser: false,
    requireHostHeader: false,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headersTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  }
}
