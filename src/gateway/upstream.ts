/**
 * Upstreams: fixed when the gateway is built, one connection pool per origin. A request contributes
 * a path and a query, never a host, a port or a scheme.
 *
 * Nothing is retried: one request at a time per connection, and undici fails a request whose
 * connection broke instead of sending it again. Redirects are not followed.
 */
import { Pool } from 'undici'
import { ConfigError } from '../core/errors.ts'
import type { GatewaySettings } from '../core/settings.ts'

export interface Upstream {
  readonly pool: Pool
  /** The Host header for it. */
  readonly host: string
  /** Put before every path; empty, or starting with `/` and not ending with it. */
  readonly basePath: string
}

export class Upstreams {
  readonly #settings: GatewaySettings
  readonly #pools = new Map<string, Pool>()

  constructor(settings: GatewaySettings) {
    this.#settings = settings
  }

  /** The upstream for a configured URL; URLs of one origin share a pool. */
  readonly of = (text: string): Upstream => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new ConfigError(`upstream: ${text} is not a URL; write http://HOST:PORT`)
    }
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      throw new ConfigError(
        'upstream: only scheme, host, port and path; put secrets in upstreamHeaders',
      )
    }
    const pool = this.#pools.get(url.origin) ?? this.#open(url.origin)
    this.#pools.set(url.origin, pool)
    return Object.freeze({ pool, host: url.host, basePath: url.pathname.replace(/\/+$/, '') })
  }

  /** Ends what is in flight; resolves when all sockets are closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()))
  }

  #open(origin: string): Pool {
    const { connectTimeoutMs, upstreamTimeoutMs, upstreamIdleTimeoutMs } = this.#settings
    return new Pool(origin, {
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: upstreamTimeoutMs,
      bodyTimeout: upstreamIdleTimeoutMs,
    })
  }
}
