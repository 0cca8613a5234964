/**
 * The shape of compose.yaml without containers: `lockgate migrate`, then two `lockgate serve` with the
 * configuration beside it, on one PostgreSQL and one Redis, behind a small load balancer.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { type Folder, newFolder, type Running, until } from '../cli/command-line.ts'
import { freePorts } from '../servers/ports.ts'
import { testDatabase } from '../servers/postgres.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { RoundRobin, type Target } from './round-robin.ts'

/** Here a busy machine is slow, which is no outage, and in an outage more than the limit may pass. */
const CONFIG = readFileSync(join(ROOT, 'docs/guides/deploy/lockgate.config.ts'), 'utf8').replace(
  '  gateway: {',
  "  redis: { deadline: '10s' },\n  gateway: {",
)
const UPSTREAM_API_KEY = 'upstream-credential'
/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 180_000 }

interface Gateway extends Target {
  readonly ports: readonly string[]
  running: Running
}

let redis: RedisServer
let database: Awaited<ReturnType<typeof testDatabase>>
let upstream: Server
/** What reached the upstream: the id that the test gave each request, and how often. */
const arrived = new Map<string, number>()
let folder: Folder
let env: Record<string, string>
let gateways: Gateway[]

beforeAll(async () => {
  redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] })
  database = await testDatabase()
  upstream = createServer((request, response) => {
    const id = String(request.headers['x-test-id'])
    arrived.set(id, (arrived.get(id) ?? 0) + 1)
    response.statusCode = request.headers.authorization === `Bearer ${UPSTREAM_API_KEY}` ? 200 : 500
    setTimeout(() => response.end(id), 30)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  folder = newFolder({ 'lockgate.config.ts': CONFIG })
  env = {
    LOCKGATE_DATABASE_URL: database.url,
    LOCKGATE_REDIS_URL: redis.url,
    UPSTREAM_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    UPSTREAM_API_KEY,
  }
  const migrated = await folder.runWith(env, 'migrate')
  expect(migrated.code, migrated.err).toBe(0)
  expect(CONFIG).toContain('redis:')
  gateways = (await freePorts(4)).flatMap((port, i, all) =>
    i % 2 === 0 ? [gatewayAt(port, all[i + 1] ?? 0)] : [],
  )
  await Promise.all(gateways.map(isServing))
}, SLOW.timeout)

afterAll(async () => {
  for (const { running } of gateways) running.child.kill('SIGTERM')
  await Promise.all(gateways.map(({ running }) => running.ended))
  upstream.closeAllConnections()
  upstream.close()
  await redis.stop()
  await database.stop()
}, SLOW.timeout)

function gatewayAt(port: number, adminPort: number): Gateway {
  const ports = ['--port', String(port), '--admin-port', String(adminPort)]
  return {
    url: `http://127.0.0.1:${port}`,
    healthUrl: `http://127.0.0.1:${adminPort}/health/ready`,
    ports,
    running: folder.startWith(env, 'serve', ...ports),
  }
}

async function isServing({ running }: Gateway): Promise<void> {
  const line = 'lockgate: gateway on'
  await until(() => running.err().includes(line) || running.child.exitCode !== null, 'serve')
  expect(running.err()).toContain(line)
}

/** Ends it as a rollout does, and starts its successor on the same ports. */
async function restart(gateway: Gateway): Promise<void> {
  gateway.running.child.kill('SIGTERM')
  const { code, err } = await gateway.running.ended
  expect(code, err).toBe(0)
  gateway.running = folder.startWith(env, 'serve', ...gateway.ports)
  await isServing(gateway)
}

async function createKey(tier: string): Promise<{ readonly authorization: string }> {
  const options = ['--owner', 'ada@example.com', '--tier', tier, '--scopes', 'read,write', '--json']
  const { code, out, err } = await folder.runWith(env, 'keys', 'create', ...options)
  expect(code, err).toBe(0)
  return { authorization: `Bearer ${JSON.parse(out).key}` }
}

test('a key that the command line made works on both, and so does its end', SLOW, async () => {
  const headers = await createKey('paid')
  const ask = () => Promise.all(gateways.map(({ url }) => fetch(url, { headers })))
  expect((await ask()).map(({ status }) => status)).toEqual([200, 200])
  const [, keyId = ''] = /acme_live_([^_]+)_/.exec(headers.authorization) ?? []
  expect((await folder.runWith(env, 'keys', 'revoke', keyId)).code).toBe(0)
  expect((await ask()).map(({ status }) => status)).toEqual([401, 401])
})

test('ten an hour are ten over both', SLOW, async () => {
  const headers = await createKey('trial')
  const calls = Array.from({ length: 15 }, () => gateways.map(({ url }) => fetch(url, { headers })))
  const statuses = (await Promise.all(calls.flat())).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(10)
  expect(statuses.filter((status) => status === 429)).toHaveLength(20)
})

test('a rolling restart under load loses no request', SLOW, async () => {
  const headers = await createKey('paid')
  const balancer = new RoundRobin(gateways)
  await balancer.probe()
  const answers: Promise<string>[] = []
  const send = (): void => {
    const id = `rolling-${answers.length}`
    const answer = balancer.post('/v1/chat', { ...headers, 'x-test-id': id })
    answers.push(answer.then(({ status, body }) => `${status} ${body}`, String))
  }
  // Below the 600 a minute of the tier, for as long as the restarts may take.
  const load = setInterval(send, 80)
  for (const gateway of gateways) {
    await pause(300)
    expect(balancer.size).toBe(2)
    await restart(gateway)
    await until(() => balancer.size === 2, 'both gateways')
  }
  await pause(300)
  clearInterval(load)
  const expected = answers.map((_, i) => `200 rolling-${i}`)
  expect(await Promise.all(answers)).toEqual(expected)
  const onceEach = expected.map((_, i) => [`rolling-${i}`, 1])
  const reached = [...arrived].filter(([id]) => id.startsWith('rolling-'))
  expect(reached.sort()).toEqual(onceEach.sort())
  balancer.close()
})

test('doctor finds nothing that is broken', SLOW, async () => {
  const { code, out } = await folder.runWith(env, 'doctor')
  expect(code, out).toBe(0)
})
