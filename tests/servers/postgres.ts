/** A PostgreSQL server for one test file. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { Child } from './child.ts'
import { freePort } from './ports.ts'
import { copyDataFolder, findProgram, unprivilegedUser } from './postgres-data.ts'

const run = promisify(execFile)

export interface PostgresServer {
  /** Its database `postgres`. */
  readonly url: string
  readonly port: number
  /** The URL of a fresh, empty database. */
  createDatabase(): Promise<string>
  /** Ends it without a word, as a power cut would; fulfils when all its processes are gone. */
  kill(): Promise<void>
  /** Again, on the same port and data. */
  start(): Promise<void>
  /** For good. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Added to the command line of postgres. */
  readonly args?: readonly string[]
  readonly port?: number
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { port = await freePort(), args = [] } = options
  const user = await unprivilegedUser()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const child = await Child.launch({
    name: 'postgres',
    command: findProgram('postgres'),
    debianPackage: 'postgresql',
    // Its immediate shutdown, which takes its children and its shared memory along.
    endSignal: 'SIGQUIT',
    ...(user === undefined ? {} : { user }),
    async prepare(folder) {
      await copyDataFolder(join(folder, 'data'), user)
      if (user !== undefined) await chown(folder, user.uid, user.gid)
    },
    args: (folder) => [
      ...['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', ''],
      // In the folder rather than in /dev/shm, where it would outlive SIGKILL.
      ...['-c', 'dynamic_shared_memory_type=mmap', ...args],
    ],
    async isReady({ folder }) {
      const [row] = await query(url, 'SHOW data_directory')
      return row?.['data_directory'] === join(folder, 'data')
    },
  })
  return {
    url,
    port,
    createDatabase: () => createDatabase(url),
    kill: () => child.kill(),
    start: () => child.start(),
    async stop() {
      if (!child.isRunning) await removeSharedMemory(child.folder)
      await child.stop()
    },
  }
}

/** What SIGKILL left behind of System V: a few bytes, whose id the lock file holds. */
async function removeSharedMemory(folder: string): Promise<void> {
  const lockFile = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  const id = lockFile.split('\n')[6]?.trim().split(/\s+/)[1]
  if (id !== undefined) await run('ipcrm', ['-m', id])
}

/**
 * A fresh database on the server of `LOCKGATE_TEST_DATABASE_URL`, dropped by `stop`; without that
 * variable, on a server of our own.
 */
export async function testDatabase(): Promise<{
  readonly url: string
  readonly stop: () => Promise<void>
}> {
  const serverUrl = process.env['LOCKGATE_TEST_DATABASE_URL']
  if (serverUrl === undefined || serverUrl === '') {
    const server = await startPostgres()
    return { url: await server.createDatabase(), stop: server.stop }
  }
  const url = await createDatabase(serverUrl)
  const name = new URL(url).pathname.slice(1)
  return {
    url,
    async stop() {
      await query(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function createDatabase(serverUrl: string): Promise<string> {
  const name = `lockgate_${randomBytes(8).toString('hex')}`
  await query(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  // A server that is killed meanwhile; the query rejects with the same.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query(sql)
    return rows
  } finally {
    await client.end()
  }
}
