/** How node:http is set up: strict, with time-outs, and with every limit that we check ourselves off. */
import type { Server, ServerOptions } from 'node:http'
import type { GatewaySettings } from '../core/settings.ts'
import { MAX_HEADER_BYTES } from './raw-request.ts'
import { MAX_TARGET_BYTES } from './target.ts'

/** How often time-outs are looked for; they fire at most this much late. */
const CHECK_INTERVAL_MS = 1_000
/** Longer than the idle time of usual load balancers, so that they close first. */
const KEEP_ALIVE_MS = 65_000

export function serverOptions(settings: GatewaySettings): ServerOptions {
  const { headersTimeoutMs, requestTimeoutMs } = settings
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

/** node drops header lines beyond this number without a word; 0 keeps all, to be counted by us. */
export function countAllHeaders(server: Server): void {
  server.maxHeadersCount = 0
}
