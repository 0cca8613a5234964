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
  /** For connecting, or getting a free connection, in ms; default 2,000. A hung one heals after it. */
  readonly connectTimeoutMs?: number
  /** For each statement, in ms; default 5,000. */
  readonly statementTimeoutMs?: number
}

/** @example const pool = new pg.Pool(postgresPoolOptions('postgres://lockgate@db.internal/app')) */
export function postgresPoolOptions(url: string, limits: PoolLimits = {}): PostgresPoolOptions {
  const { max = 10, connectTimeoutMs = 2000, statementTimeoutMs = 5000 } = limits
  return Object.freeze({
    // What the URL says in its query, such as sslmode or application_name, wins over the rest.
    connectionString: url,
    application_name: 'lockgate',
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
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
