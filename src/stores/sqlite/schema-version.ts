/** The schema version of a database file, read without opening it as a store. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { storeError } from './store-error.ts'

/** 0 where there is none, or an empty one. Throws `store_unavailable` when it cannot be read. */
export function sqliteSchemaVersion(path: string): number {
  const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
  if (size === 0) return 0
  try {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return Number(db.prepare('pragma user_version').get()?.['user_version'])
    } finally {
      db.close()
    }
  } catch (error) {
    throw storeError(error, path)
  }
}
