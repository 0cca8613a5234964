/**
 * Opens a database file: creates it with mode 0600 if there is none, looks before it touches, then
 * sets the connection up and migrates.
 *
 * Failure: rejects with `store_unavailable`, naming the file. A file that is not a database of
 * Lockgate, or one of a newer version, is refused before a byte of it is written.
 */
import { closeSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { BLOCKING_WAIT_MS, Connection } from './connection.ts'
import { checkSchema, migrate } from './migrations/migrate.ts'
import { isBusy, storeError, unavailable } from './store-error.ts'

const IN_MEMORY = ':memory:'
const SMALLEST_DATABASE_BYTES = 512

export async function openDatabase(path: string, busyTimeoutMs: number): Promise<Connection> {
  // An absolute path: SQLite would take a relative one that starts with "file:" for a URI.
  const location = path === IN_MEMORY ? path : resolve(path)
  if (location !== IN_MEMORY) prepareFile(path, location)
  const db = openHandle(location)
  try {
    await setUp(db, location, busyTimeoutMs)
    return new Connection(db, location, busyTimeoutMs)
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Creates the file, or checks the one that is there without opening it: to close any descriptor of
 * a file drops all POSIX locks that this process holds on it, those of an open store too.
 * SQLite gives its -wal and -shm files the same mode.
 */
function prepareFile(given: string, location: string): void {
  if (given === '' || given.includes('\0')) {
    throw unavailable(JSON.stringify(given), 'this is not a path; name a file')
  }
  try {
    const stats = statSync(location, { throwIfNoEntry: false })
    if (stats === undefined) closeSync(openSync(location, 'wx', 0o600))
    else checkFile(stats, location)
  } catch (error) {
    const createdMeanwhile = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (!createdMeanwhile) throw fileError(error, location)
  }
}

/** SQLite would take a file of one byte for an empty database and write over it. */
function checkFile(stats: Stats, location: string): void {
  if (!stats.isFile()) throw unavailable(location, 'it is not a file; name another one')
  if (stats.size === 0 || stats.size >= SMALLEST_DATABASE_BYTES) return
  throw unavailable(location, 'it is not an SQLite database; name another file')
}

function fileError(error: unknown, location: string): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const folder = dirname(location)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return unavailable(location, `there is no folder ${folder}; create it`, error)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS': {
      const advice = `it cannot be written (${code}); make it and its folder writable for this user`
      return unavailable(location, advice, error)
    }
    default:
      return storeError(error, location)
  }
}

function openHandle(location: string): DatabaseSync {
  try {
    return new DatabaseSync(location, { timeout: BLOCKING_WAIT_MS })
  } catch (error) {
    throw storeError(error, location)
  }
}

/** Retries while another process starts on the same file; switching to WAL never waits by itself. */
async function setUp(db: DatabaseSync, location: string, busyTimeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + busyTimeoutMs
  for (;;) {
    try {
      configure(db, location)
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw storeError(error, location)
    }
    await sleep(1 + Math.random() * 10)
  }
}

function configure(db: DatabaseSync, location: string): void {
  checkSchema(db, location)
  const { journal_mode: mode } = db.prepare('pragma journal_mode = wal').get() ?? {}
  if (mode !== 'wal' && location !== IN_MEMORY) {
    throw unavailable(location, 'its file system cannot hold a WAL; put it on a local disk')
  }
  db.exec('pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off')
  db.exec('begin immediate')
  try {
    checkSchema(db, location)
    migrate(db)
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}
