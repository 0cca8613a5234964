/**
 * The part of `pg`'s Pool that the store calls. The driver itself is never imported: whoever opens the
 * store brings a pool, which may be one that the application uses for other things too.
 */

type ErrorListener = (error: Error) => void

/** Turns a column's text into a value, by the type of the column. */
export interface PostgresTypes {
  getTypeParser(typeId: number, format?: string): (text: string) => unknown
}

export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly types?: PostgresTypes
}

export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rows: unknown[] }>
  on(event: 'error', listener: ErrorListener): unknown
  off(event: 'error', listener: ErrorListener): unknown
  /** Gives it back to the pool, or ends its connection at once, whatever it is doing. */
  release(destroy?: boolean): void
}

export interface PostgresPool {
  connect(): Promise<PostgresClient>
  end(): Promise<void>
  on(event: 'error', listener: ErrorListener): unknown
  off(event: 'error', listener: ErrorListener): unknown
}
