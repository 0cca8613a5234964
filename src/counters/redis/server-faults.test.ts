/** What a server may do to its clients: forget, break off, refuse, go away, have its clock set. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connectionTo, ownPrefix } from '../../../tests/counters/rig.ts'
import { type FaultProxy, startFaultProxy } from '../../../tests/servers/fault-proxy.ts'
import { type RedisServer, startRedis } from '../../../tests/servers/redis.ts'
import { ask } from '../../../tests/servers/redis-node.ts'
import { CountersUnavailableError } from '../../core/errors.ts'
import type { Limit } from '../../core/limits/limit.ts'
import type { Counters } from '../../core/ports/counters.ts'
import { type CountersForm, createRedisCounters, type RedisCounters } from './index.ts'

const QUOTA = 10
const limits: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: QUOTA, windowMs: 60_000, algorithm: 'sliding-window' },
])
const request = { charges: [{ subject: 'k7Hq2mZ9x', limits, cost: 1 }] }
const FORMS: readonly CountersForm[] = ['ring', 'zset']
const CONSUME = 'EVALSHA'

let server: RedisServer
let proxy: FaultProxy
beforeAll(async () => {
  server = await startRedis()
  proxy = await startFaultProxy(server.port)
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

let keyPrefix: string
beforeEach(() => {
  keyPrefix = ownPrefix()
})

async function instance(port = server.port, form: CountersForm = 'ring'): Promise<RedisCounters> {
  const connection = await connectionTo(`redis://127.0.0.1:${port}`)
  return createRedisCounters({ connection, form, keyPrefix })
}

/** How many of these requests are admitted, all asked for at once. */
async function admitted(counters: Counters, attempts: number): Promise<number> {
  const asked = Array.from({ length: attempts }, () => counters.consume(request))
  return (await Promise.all(asked)).filter(({ kind }) => kind === 'admitted').length
}

async function used(counters: Counters): Promise<number> {
  const outcome = await counters.peek(request)
  if (outcome.kind === 'stale-key') throw new Error('no version was asked for')
  return QUOTA - (outcome.limits[0]?.[0]?.remaining ?? 0)
}

test.each(FORMS)('two instances at once admit what one would, as %s', async (form) => {
  const [one, two] = [await instance(server.port, form), await instance(server.port, form)]
  const counts = await Promise.all([one, two, one, two].map((each) => admitted(each, 8)))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(QUOTA)
  await Promise.all([one.close(), two.close()])
})

test.each(FORMS)(
  'a server that has forgotten the script gets it, and counts once: %s',
  async (form) => {
    const counters = await instance(server.port, form)
    expect(await admitted(counters, 2)).toBe(2)
    await ask(server.port, 'SCRIPT', 'FLUSH')
    expect(await admitted(counters, 3)).toBe(3)
    expect(await used(counters)).toBe(5)
    await counters.close()
  },
)

test('a call whose answer was lost is not sent again: it counts once', async () => {
  const counters = await instance(proxy.port)
  expect(await admitted(counters, 1)).toBe(1)
  proxy.cutWhen((chunk, from) => {
    return from === 'client' && chunk.includes(CONSUME) ? 'after' : 'pass'
  })
  await expect(counters.consume(request)).rejects.toMatchObject({ reason: 'unreachable' })
  proxy.cutWhen(() => 'pass')
  await vi.waitUntil(
    () =>
      counters.probe().then(
        () => true,
        () => false,
      ),
    { timeout: 10_000 },
  )
  expect(await used(counters)).toBe(2)
  await counters.close()
})

test('a call while the server is away fails at once and is not kept for later', async () => {
  const away = await startRedis()
  const counters = await instance(away.port)
  await away.kill()
  await vi.waitUntil(
    () =>
      counters.probe().then(
        () => false,
        () => true,
      ),
    { timeout: 10_000 },
  )
  await expect(counters.consume(request)).rejects.toMatchObject({ reason: 'unreachable' })
  await away.start()
  await vi.waitUntil(
    () =>
      counters.probe().then(
        () => true,
        () => false,
      ),
    { timeout: 10_000 },
  )
  expect(await used(counters)).toBe(0)
  await counters.close()
  await away.stop()
})

const REFUSALS = [
  ['read_only', 'a replica', ['REPLICAOF', '127.0.0.1', '1']],
  ['read_only', 'without its replicas', ['CONFIG', 'SET', 'min-replicas-to-write', '1']],
  ['out_of_memory', 'full', ['CONFIG', 'SET', 'maxmemory', '1']],
] as const

test.each(REFUSALS)('%s: a server that is %s admits nothing', async (reason, _, command) => {
  const failing = await startRedis()
  const counters = await instance(failing.port)
  expect(await admitted(counters, 1)).toBe(1)
  const [name, ...args] = command
  await ask(failing.port, name, ...args)
  await expect(counters.consume(request)).rejects.toMatchObject({ reason })
  await counters.close()
  await failing.stop()
})

test('as zset: a server that takes no writes admits nothing', async () => {
  const failing = await startRedis()
  const counters = await instance(failing.port, 'zset')
  expect(await admitted(counters, 1)).toBe(1)
  await ask(failing.port, 'REPLICAOF', '127.0.0.1', '1')
  await expect(counters.consume(request)).rejects.toThrow(CountersUnavailableError)
  await counters.close()
  await failing.stop()
})

// Its script removes what has expired before it adds, and Redis lets a script that has written go on.
test('as zset: a full server counts what it admits', async () => {
  const failing = await startRedis()
  const counters = await instance(failing.port, 'zset')
  expect(await admitted(counters, 1)).toBe(1)
  await ask(failing.port, 'CONFIG', 'SET', 'maxmemory', '1')
  expect(await admitted(counters, 2 * QUOTA)).toBe(QUOTA - 1)
  await counters.close()
  await failing.stop()
})

test.each(FORMS)('a clock that is set back admits nothing extra, as %s', async (form) => {
  let nowMs = 1_750_000_000_000
  const connection = await connectionTo(server.url)
  const clock = { monotonicMs: () => nowMs }
  const counters = createRedisCounters({ connection, form, keyPrefix, clock })
  expect(await admitted(counters, 4)).toBe(4)
  nowMs -= 3_600_000
  expect(await admitted(counters, QUOTA)).toBe(QUOTA - 4)
  nowMs += 3_600_000
  expect(await admitted(counters, QUOTA)).toBe(0)
  nowMs += 59_999
  expect(await admitted(counters, QUOTA)).toBe(0)
  nowMs += 1
  expect(await admitted(counters, 2 * QUOTA)).toBe(QUOTA)
  await counters.close()
})

test.each(FORMS)('every key on the server expires: %s', async (form) => {
  const counters = await instance(server.port, form)
  const bucket: Limit = { name: 'b', quota: 9, windowMs: 1000, algorithm: 'token-bucket' }
  await counters.consume({
    charges: [
      { subject: 'k7Hq2mZ9x', limits: [...limits, bucket], cost: 1, maxConcurrent: 3 },
      { subject: 'i203.0.113.7', limits: [bucket], cost: 1 },
    ],
    key: { keyId: '7Hq2mZ9x', version: 1 },
  })
  await counters.setKeyVersion('7Hq2mZ9x', 2)
  await counters.heartbeat('one', 5000)
  await counters.probe()
  const keys = (await ask(server.port, 'KEYS', `${keyPrefix}:*`)) as string[]
  const lifetimes = await Promise.all(keys.map((key) => ask(server.port, 'PTTL', key)))
  expect(keys.length).toBeGreaterThanOrEqual(6)
  expect(lifetimes.filter((ms) => Number(ms) <= 0)).toEqual([])
  await counters.close()
})
