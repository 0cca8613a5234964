/**
 * What `new pg.Pool(…)` needs for a store: the server's own deadlines, so that it ends what a client
 * no longer waits for. The store keeps deadlines of its own above them, so a pool without these
 * options is safe too, but may keep the server busy for longer.
 */

export interface PostgresPoolOptions {
  readonly connectionString: string
  readonly application_name: string
  readonly max: number
  readonly connectionTimeoutMillis: number
  readonly statement_timeout: number
  readonly lock_timeout: number
  readonly idle_in_transaction_session_timeout: number
  readonly keepAlive: boolean
}

export interface PoolLimits {
  /** Connections at most; default 10. */
  readonly max?: number
  /** For connecting, and for each statement, in ms; default 5,000. */
  readonly deadlineMs?: number
}

/** @example const pool = new pg.Pool(postgresPoolOptions('postgres://lockgate@db.internal/app')) */
export function postgresPoolOptions(url: string, limits: PoolLimits = {}): PostgresPoolOptions {
  const { max = 10, deadlineMs = 5000 } = limits
  return Object.freeze({
    // What the URL says in its query, such as sslmode or application_name, wins over the rest.
    connectionString: url,
    application_name: 'lockgate',
    max,
    connectionTimeoutMillis: deadlineMs,
    statement_timeout: deadlineMs,
    lock_timeout: deadlineMs,
    idle_in_transaction_session_timeout: deadlineMs,
    keepAlive: true,
  })
}

/** Host, port and database of a URL, as messages may show them: without user and password. */
export function postgresPlace(url: string): string {
  if (!URL.canParse(url)) return 'PostgreSQL'
  const { hostname, port, pathname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? (hostname === '' ? 'localhost' : hostname)
  return `${host}:${port === '' ? '5432' : port}${pathname}`
}
