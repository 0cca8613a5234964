/** A pool of connections to PostgreSQL, through `pg`, which is loaded when it is needed. */
import { postgresPoolOptions } from '../stores/postgres/index.ts'
import { loadDriver } from './load-driver.ts'

/** It has not connected yet. Whoever makes it ends it. */
export async function createPool(url: string) {
  const { default: pg } = await loadDriver('PostgreSQL', 'pg', () => import('pg'))
  return new pg.Pool(postgresPoolOptions(url))
}
