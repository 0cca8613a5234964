/**
 * Brings what was committed without a wait for the disk onto it, within half a second, on a thread of
 * Node's: no request waits. A commit with `synchronous=FULL` does the same for all that came before it.
 *
 * Only the WAL is opened, never the database: closing a descriptor of that would drop the locks that
 * this process holds on it. Locks of the WAL are kept in the `-shm` file.
 *
 * Failure: `refuseFailed` throws once for each time that the disk refused, so that whoever writes next
 * learns that what was acknowledged may not be on it.
 */
import { open } from 'node:fs/promises'
import { storeError } from './store-error.ts'

const SOON_MS = 500

export type SyncFile = (path: string) => Promise<void>

export class WalSync {
  readonly #database: string
  readonly #sync: SyncFile
  #timer: NodeJS.Timeout | undefined
  #failure: Error | undefined

  /** `database`: its absolute path, or `:memory:`, of which nothing is kept. */
  constructor(database: string, sync: SyncFile = syncFile) {
    this.#database = database
    this.#sync = sync
  }

  /** Call it after a commit. */
  soon(): void {
    if (this.#timer !== undefined || this.#database === ':memory:') return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#sync(`${this.#database}-wal`).catch((error) => {
        this.#failure = storeError(error, this.#database)
      })
    }, SOON_MS)
    // Closing the store writes everything to disk.
    this.#timer.unref()
  }

  /** Throws `store_unavailable`. */
  refuseFailed(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

/** A WAL that is gone was moved into the database, which is synced then. */
async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r')
    await file.datasync().finally(() => file.close())
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
