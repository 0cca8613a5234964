/** What `postgres.ts` promises. */
import { existsSync, readFileSync } from 'node:fs'
import { Client } from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { until } from './child.ts'
import { startPostgres, testDatabase } from './postgres.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** The first column of the first row. */
async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

/** Gone, or a zombie that init has yet to collect. */
function hasEnded(pid: unknown): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return true
  }
}

test('a kill ends all its processes and loses no data; stop leaves nothing', async () => {
  const postgres = await startPostgres()
  const url = await postgres.createDatabase()
  await ask(url, 'CREATE TABLE t AS SELECT 7 AS n')
  const folder = String(await ask(url, 'SHOW data_directory'))

  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  const lost = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow()
  await postgres.kill()
  await lost
  // It has closed its output, the last that it does; the kernel may still be tidying up.
  await until('the backend is gone', async () => hasEnded(rows[0].pid))

  await postgres.start()
  expect(await ask(url, 'SELECT n FROM t')).toBe(7)
  expect(await ask(url, 'SHOW fsync')).toBe('on')
  await postgres.stop()
  await postgres.stop()
  expect(existsSync(folder)).toBe(false)
  await expect(ask(url, 'SELECT 1')).rejects.toThrow()
})

test('servers that start together are apart, and so are databases of one server', async () => {
  const servers = await Promise.all([
    startPostgres(),
    startPostgres({ args: ['-c', 'work_mem=1MB'] }),
  ])
  const [first, second] = servers
  expect(await ask(second.url, 'SHOW work_mem')).toBe('1MB')
  await ask(first.url, 'CREATE TABLE t (n int)')
  const databases = await Promise.all([first.createDatabase(), first.createDatabase()])
  for (const url of [...databases, second.url]) {
    expect(await ask(url, `SELECT to_regclass('t')`)).toBe(null)
  }
  await Promise.all(servers.map((server) => server.stop()))
})

test('a server that does not come up says why', async () => {
  await expect(startPostgres({ args: ['-c', 'nonsense=1'] })).rejects.toThrow('"nonsense"')
})

test('a database on the server of LOCKGATE_TEST_DATABASE_URL is dropped at the end', async () => {
  const theirs = await startPostgres()
  vi.stubEnv('LOCKGATE_TEST_DATABASE_URL', theirs.url)
  const { url, stop } = await testDatabase()
  const count = `SELECT count(*)::int FROM pg_database WHERE datname LIKE 'lockgate_%'`
  expect(await ask(url, count)).toBe(1)
  const left = new Client({ connectionString: url })
  left.on('error', () => {})
  await left.connect()
  await stop()
  expect(await ask(theirs.url, count)).toBe(0)
  await theirs.stop()
})
