/** What doctor says of a Redis that works and is nevertheless no place for limits. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freePort } from '../../../tests/servers/ports.ts'
import { type RedisServer, startRedis } from '../../../tests/servers/redis.ts'
import { ask } from '../../../tests/servers/redis-node.ts'
import { REDIS_DEFAULTS } from '../../config/index.ts'
import { redisFindings } from './redis-checks.ts'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())
beforeEach(async () => {
  await ask(server.port, 'REPLICAOF', 'NO', 'ONE')
  await ask(server.port, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
})

/** `check: status`, of all that are not ok. */
async function complaints(url = server.url): Promise<string[]> {
  const findings = await redisFindings({ ...REDIS_DEFAULTS, url })
  return findings
    .filter(({ status }) => status !== 'ok')
    .map(({ check, status }) => `${check}: ${status}`)
}

test('a server that keeps what it is told has no complaint', async () => {
  expect(await complaints()).toEqual([])
})

test('one that may forget usage when memory is short is a warning', async () => {
  await ask(server.port, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  expect(await complaints()).toEqual(['redis_memory: warn'])
})

test('a replica, which takes no writes, cannot be used', async () => {
  await ask(server.port, 'REPLICAOF', '127.0.0.1', '1')
  expect(await complaints()).toEqual(['redis_topology: fail'])
})

test('one that does not answer is named without its password', async () => {
  const port = await freePort()
  const url = `redis://:sesame@127.0.0.1:${port}`
  const [only] = await redisFindings({ ...REDIS_DEFAULTS, url })
  expect(only).toMatchObject({ check: 'redis', status: 'fail' })
  expect(only?.detail).toContain(`redis://***@127.0.0.1:${port}`)
  expect(only?.detail).not.toContain('sesame')
})
