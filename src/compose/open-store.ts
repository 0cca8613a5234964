/** The store that a database URL names, or one on a pool of the application's own. */
import { isPostgres, maskUrl } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Store } from '../core/ports/store.ts'
import type { PostgresPool } from '../stores/postgres/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'

const SQLITE = 'sqlite:'

export interface OpenStoreOptions {
  /** Made by the application itself, instead of what the URL names. */
  readonly postgres?: PostgresPool | undefined
  readonly store?: Store | undefined
  /** Where the URL comes from, for messages; default LOCKGATE_DATABASE_URL. */
  readonly option?: string
  /** Default true. Otherwise a server with an older schema is refused; a file is always migrated. */
  readonly migrate?: boolean
}

/**
 * Opens the database and brings it to the newest schema. One that cannot be reached is given up
 * within five seconds, which the stores see to.
 *
 * @throws LockgateError `store_unavailable` that shows the URL without its password and says what to
 * try; ConfigError where the driver is missing.
 */
export async function openStore(
  databaseUrl: string,
  { postgres, store, option, migrate = true }: OpenStoreOptions = {},
): Promise<Store> {
  if (store !== undefined) return store
  if (postgres !== undefined) return onGivenPool(postgres)
  const opening = isPostgres(databaseUrl) ? onPool(databaseUrl, migrate) : onFile(databaseUrl)
  return explainStore(opening, databaseUrl, option)
}

const onFile = (url: string): Promise<Store> => openSqliteStore({ path: url.slice(SQLITE.length) })

// Loaded when it is needed: the command line starts a quarter sooner without it.
const loadPostgres = () => import('../stores/postgres/index.ts')

async function onGivenPool(pool: PostgresPool): Promise<Store> {
  const { openPostgresStore } = await loadPostgres()
  return openPostgresStore({ pool })
}

async function onPool(url: string, migrate: boolean): Promise<Store> {
  const { openPostgresStore, postgresPlace } = await loadPostgres()
  const { createPool } = await import('./create-pool.ts')
  const pool = await createPool(url)
  return openPostgresStore({ pool, ownsPool: true, place: postgresPlace(url), migrate })
}

/** What went wrong with a database, with its URL and what to try. */
export async function explainStore<T>(
  opening: Promise<T>,
  databaseUrl: string,
  option = 'LOCKGATE_DATABASE_URL',
): Promise<T> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof LockgateError) || error.code !== 'store_unavailable') throw error
    const problem = error.message.replace(/^database \S+: /, '').replace(/\.$/, '')
    const hint = problem.includes('LOCKGATE_DATABASE_URL') ? '' : `; check ${option}`
    throw new LockgateError(
      'store_unavailable',
      `cannot open the database ${maskUrl(databaseUrl)}: ${problem}${hint}`,
      { cause: error },
    )
  }
}
