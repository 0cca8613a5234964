/** Two instances on one PostgreSQL and one Redis, each with clients of its own. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Gate, lockgate } from '../../src/index.ts'
import { freePort } from '../servers/ports.ts'
import { testDatabase } from '../servers/postgres.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'
import { QUICK_HASH } from '../threats/observed-gate.ts'

const QUOTA = 20
const silent = { debug() {}, info() {}, warn() {}, error() {} }

let redis: RedisServer
let database: Awaited<ReturnType<typeof testDatabase>>
let one: Gate
let two: Gate
beforeAll(async () => {
  redis = await startRedis()
  database = await testDatabase()
  one = await open(redis.url)
  two = await open(redis.url)
})
afterAll(async () => {
  await one.close()
  await two.close()
  await database.stop()
  await redis.stop()
})

/** A deadline that a busy machine keeps. */
function open(url: string, startDegraded = false): Promise<Gate> {
  const limits = [{ name: 'minute', quota: QUOTA, window: '1m' }]
  return lockgate({
    config: {
      ...{ databaseUrl: database.url, keys: QUICK_HASH, ip: false, tiers: { free: { limits } } },
      redis: { url, startDegraded, deadline: '5s' },
    },
    log: silent,
  })
}

async function codeOf(gate: Gate, presentedKey: string): Promise<string> {
  const request = { presentedKey, address: undefined, requestId: 'req_1', scope: 'read' }
  const decision = await gate.check(request)
  return decision.allowed ? 'allowed' : decision.code
}

/** How many of these requests are admitted, half of them by each. */
async function admitted(gates: readonly Gate[], key: string, attempts: number): Promise<number> {
  const asked = Array.from({ length: attempts }, (_, index) => {
    const gate = gates[index % gates.length]
    return gate === undefined ? '' : codeOf(gate, key)
  })
  return (await Promise.all(asked)).filter((code) => code === 'allowed').length
}

test('they enforce one limit together, exactly', async () => {
  const { key } = await one.keys.issue({ owner: 'ada@example.com' })
  expect(await admitted([one, two], key, 3 * QUOTA)).toBe(QUOTA)
})

test('a key that one of them revokes is refused by the other on the next request', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { key, record } = await one.keys.issue({ owner: 'ada@example.com' })
    expect(await codeOf(two, key)).toBe('allowed')
    await one.keys.revoke(record.keyId)
    expect(await codeOf(two, key)).toBe('invalid_key')
  }
})

test('and, where Redis lost the change, soon after it', async () => {
  const { key, record } = await one.keys.issue({ owner: 'ada@example.com' })
  expect(await codeOf(two, key)).toBe('allowed')
  await one.keys.revoke(record.keyId)
  await ask(redis.port, 'FLUSHALL')
  await vi.waitUntil(async () => (await codeOf(two, key)) === 'invalid_key', { timeout: 10_000 })
})

test('one that starts without Redis counts with the other once Redis is there', async () => {
  const port = await freePort()
  const early = await open(`redis://127.0.0.1:${port}`, true)
  const { key } = await early.keys.issue({ owner: 'ada@example.com' })
  expect(await codeOf(early, key)).toBe('allowed')
  expect(early.health().status).toBe('degraded')
  const late = await startRedis({ port })
  await vi.waitUntil(() => early.health().status === 'ready', { timeout: 20_000 })
  const other = await open(late.url)
  expect(await admitted([early, other], key, 3 * QUOTA)).toBe(QUOTA - 1)
  await early.close()
  await other.close()
  await late.stop()
})
