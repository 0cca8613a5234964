/** The options of the store, with their defaults and checked. */
import { ConfigError } from '../../core/errors.ts'
import type { PostgresPool } from './pool.ts'

export interface PostgresStoreOptions {
  /** Of `pg`, or anything that behaves like it. May be shared with the application. */
  readonly pool: PostgresPool
  /** What messages call the server, without a password; `postgresPlace(url)` makes it. */
  readonly place?: string
  /** Closing the store ends the pool too; default false. */
  readonly ownsPool?: boolean
  /** Bring the database to the newest schema; default true. Otherwise an older one is refused. */
  readonly migrate?: boolean
  /** Holds the tables; default `lockgate`. Letters, digits and underscores, in lower case. */
  readonly schema?: string
  /** How long a silent instance keeps its audit chain, in ms; default 60,000. */
  readonly chainLeaseMs?: number
  /** No read takes longer, in ms; default 2,000. */
  readonly readDeadlineMs?: number
  /** No change takes longer, in ms; default 5,000, and 2,000 more to look up a lost answer. */
  readonly writeDeadlineMs?: number
}

export type CheckedOptions = Required<PostgresStoreOptions>

export const DEFAULT_SCHEMA = 'lockgate'
export const DEFAULT_PLACE = 'PostgreSQL'

/** Throws a ConfigError. */
export function checkOptions(options: PostgresStoreOptions): CheckedOptions {
  return Object.freeze({
    pool: options.pool,
    place: options.place ?? DEFAULT_PLACE,
    ownsPool: options.ownsPool ?? false,
    migrate: options.migrate ?? true,
    schema: checkSchemaName(options.schema ?? DEFAULT_SCHEMA),
    chainLeaseMs: checkMs('chainLeaseMs', options.chainLeaseMs ?? 60_000),
    readDeadlineMs: checkMs('readDeadlineMs', options.readDeadlineMs ?? 2000),
    writeDeadlineMs: checkMs('writeDeadlineMs', options.writeDeadlineMs ?? 5000),
  })
}

/** It becomes a part of SQL text. Throws a ConfigError. */
export function checkSchemaName(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new ConfigError(
    `schema: must be 1 to 63 lower-case letters, digits and underscores, not ${JSON.stringify(schema)}`,
  )
}

function checkMs(name: string, ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 1 && ms < 2 ** 31) return ms
  throw new ConfigError(`${name}: must be a whole number of ms from 1 on, below 2^31`)
}
