/** The command line on a real PostgreSQL and Redis: migrate, copy, doctor, and what is out of reach. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newFolder } from '../cli/command-line.ts'
import { freePort } from '../servers/ports.ts'
import { testDatabase } from '../servers/postgres.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 120_000 }

const newProject = () =>
  newFolder({
    'lockgate.config.json': JSON.stringify({ keys: { argon2id: { memoryKiB: 64, passes: 1 } } }),
  })

let redis: RedisServer
let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  redis = await startRedis()
  database = await testDatabase()
})
afterAll(async () => {
  await redis.stop()
  await database.stop()
})

test('a new project moves from a file to PostgreSQL, with its keys and its log', SLOW, async () => {
  const folder = newProject()
  const env = { LOCKGATE_DATABASE_URL: database.url }
  expect((await folder.runWith(env, 'migrate')).out).toMatch(/: from schema 0 to \d+\.\n$/)
  expect((await folder.runWith(env, 'migrate')).out).toContain('nothing was changed')
  expect(JSON.parse((await folder.run('migrate', '--json')).out)).toMatchObject({ from: 0 })

  const created = await folder.run('keys', 'create', '--owner', 'ada@example.com', '--json')
  const id = JSON.parse(created.out).key_id
  await folder.run('keys', 'disable', id)
  const args = ['copy', '--from', 'sqlite:./lockgate.db', '--to', database.url]
  const copied = await folder.run(...args, '--json')
  expect(copied.err).toContain('copying sqlite:./lockgate.db to postgres://')
  expect(JSON.parse(copied.out)).toEqual({ keys: 1, audit_rows: 2, chains: 1, verified: true })

  const shown = await folder.runWith(env, 'keys', 'show', id, '--json')
  expect(JSON.parse(shown.out)).toMatchObject({ key_id: id, status: 'disabled' })
  const { code, out } = await folder.runWith(env, 'audit', 'verify')
  expect({ code, out }).toEqual({ code: 0, out: 'intact: 2 rows in 1 chain\n' })

  const again = await folder.run(...args)
  expect(again.code).toBe(1)
  expect(again.err).toContain('empty database')
})

test('doctor looks at both servers', SLOW, async () => {
  const folder = newProject()
  const servers = { LOCKGATE_DATABASE_URL: database.url, LOCKGATE_REDIS_URL: redis.url }
  await folder.runWith(servers, 'migrate')
  const report = await folder.runWith(servers, 'doctor', '--json')
  const findings: { check: string; status: string }[] = JSON.parse(report.out)
  const statuses = Object.fromEntries(findings.map(({ check, status }) => [check, status]))
  expect(statuses).toMatchObject({
    ...{ database: 'ok', database_schema: 'ok', database_durability: 'ok', database_clock: 'ok' },
    ...{ redis: 'ok', redis_topology: 'ok', redis_memory: 'ok', redis_clock: 'ok' },
    audit_log: 'ok',
  })
  expect(statuses).not.toHaveProperty('database_mode')
})

describe('copy refuses', SLOW, () => {
  test.each([
    [['--from', 'sqlite:./nope.db', '--to', 'sqlite:./x.db'], 1, 'there is no such file'],
    [['--from', 'mysql:x', '--to', 'sqlite:./x.db'], 2, '--from: must be sqlite:PATH'],
    [['--from', 'sqlite:./a.db', '--to', 'sqlite:./a.db'], 2, 'must be two databases'],
    [['--from', 'sqlite:./a.db'], 2, '--to URL is missing'],
  ])('%o', async (args, expected, text) => {
    const { code, err } = await newProject().run('copy', ...args)
    expect(code).toBe(expected)
    expect(err).toContain(text)
  })
})

describe('a server that is out of reach', SLOW, () => {
  test.each([
    ['LOCKGATE_REDIS_URL', (port: number) => `redis://:sesame@127.0.0.1:${port}`],
    ['LOCKGATE_DATABASE_URL', (port: number) => `postgres://ada:sesame@127.0.0.1:${port}/x`],
  ])('refuses the start, naming %s and no password', async (name, urlAt) => {
    const url = urlAt(await freePort())
    const args = ['serve', '--upstream', 'http://127.0.0.1:9', '--port', '0', '--admin-port', '0']
    const { code, err } = await newProject().runWith({ [name]: url }, ...args)
    expect(code).toBe(1)
    expect(err).toContain(name)
    expect(err).toContain('***@127.0.0.1')
    expect(err).not.toContain('sesame')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('Redis: a key can be ended all the same, and stderr says when servers know', async () => {
    const folder = newProject()
    const env = { LOCKGATE_REDIS_URL: `redis://:sesame@127.0.0.1:${await freePort()}` }
    const created = await folder.runWith(env, 'keys', 'create', '--owner', 'a@b.c', '--json')
    const { key_id: id } = JSON.parse(created.out)
    const { code, out, err } = await folder.runWith(env, 'keys', 'revoke', id, '--json')
    expect([code, JSON.parse(out).status]).toEqual([0, 'revoked'])
    expect(err).toMatch(
      /^lockgate: warning: Redis at redis:\/\/\*\*\*@\S+ cannot be reached; .* within two seconds\n$/,
    )
  })
})

test('a retry with the same idempotency key makes no second key', SLOW, async () => {
  const folder = newProject()
  const create = (...args: string[]) =>
    folder.run('keys', 'create', '--owner', 'a@b.c', '--idempotency-key', 'order-7', ...args)
  const { key_id: id } = JSON.parse((await create('--json')).out)
  const again = await create('--json')
  expect([again.code, again.out]).toEqual([1, ''])
  expect(again.err).toContain(`lockgate keys rotate ${id}`)
  expect((await create('--expires', '90d')).code).toBe(2)
  expect(JSON.parse((await folder.run('keys', 'list', '--json')).out)).toHaveLength(1)
})
