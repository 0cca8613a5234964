/** The store that a database URL names. */
import { maskUrl } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Store } from '../core/ports/store.ts'
import type { Settings } from '../core/settings.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { openWithin, START_TIMEOUT_MS } from './start-deadline.ts'

const SQLITE = 'sqlite:'

/**
 * Opens the database, in time or not at all.
 *
 * @throws LockgateError `store_unavailable` that shows the URL without its password and says what to
 * try; ConfigError where the driver is missing.
 */
export async function openStore({ databaseUrl }: Pick<Settings, 'databaseUrl'>): Promise<Store> {
  try {
    return await openWithin(START_TIMEOUT_MS, open(databaseUrl), 'store_unavailable')
  } catch (error) {
    if (!(error instanceof LockgateError) || error.code !== 'store_unavailable') throw error
    throw new LockgateError(
      'store_unavailable',
      `cannot open the database ${maskUrl(databaseUrl)}: ${error.message.replace(/\.$/, '')}; check LOCKGATE_DATABASE_URL`,
      { cause: error },
    )
  }
}

function open(databaseUrl: string): Promise<Store> {
  return openSqliteStore({ path: databaseUrl.slice(SQLITE.length) })
}
