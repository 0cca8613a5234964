import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { startRedis } from '../tests/servers/redis.ts'
import { ConfigError } from './core/errors.ts'
import type { Counters } from './core/ports/counters.ts'
import { createMemoryCounters } from './counters/memory/index.ts'
import { fromIoredis, type RedisConnection } from './counters/redis/index.ts'
import { createSystemClock } from './engine/system-clock.ts'
import { type LockgateOptions, lockgate } from './lockgate.ts'
import { openSqliteStore } from './stores/sqlite/index.ts'

const config = {
  databaseUrl: 'sqlite::memory:',
  keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } },
}

test('a member of the configuration beside config is refused, not ignored', async () => {
  const misplaced = { tiers: {} } as LockgateOptions
  await expect(lockgate(misplaced)).rejects.toThrow(ConfigError)
  await expect(lockgate(misplaced)).rejects.toThrow('no option "tiers"')
})

test('a configuration and a file of one are refused together', async () => {
  await expect(lockgate({ config, configFile: 'x.json' })).rejects.toThrow('not both')
})

test('audit rows go to the logger that was given, or to onAudit alone', async () => {
  const logged: string[] = []
  const seen: string[] = []
  const note = (fields: object, message: string) =>
    void logged.push(`${message} ${Object.keys(fields)}`)
  const log = { debug: note, info: note, warn: note, error: note }
  const onAudit = (row: { readonly event: string }) => void seen.push(row.event)
  for (const options of [{ log }, { log, onAudit }]) {
    const gate = await lockgate({ config, ...options })
    await gate.keys.issue({ owner: 'ada@example.com' })
    await gate.close()
  }
  expect({ logged, seen }).toEqual({ logged: ['key.created audit'], seen: ['key.created'] })
})

const nobody: RedisConnection = {
  isCluster: false,
  send: () => Promise.reject(new Error('Connection is closed.')),
  probe: () => Promise.reject(new Error('Connection is closed.')),
  close: async () => {},
}

test('two of a kind are refused: one of them would be left unused', async () => {
  const counters = createMemoryCounters({ clock: createSystemClock() })
  await expect(lockgate({ config, redis: nobody, counters })).rejects.toThrow('not both')
})

test('a client of the application counts for its gates, and stays open after them', async () => {
  const server = await startRedis()
  const client = new Redis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })
  try {
    const tiers = { free: { limits: [{ name: 'minute', quota: 2, window: '1m' }] } }
    const store = await openSqliteStore({ path: ':memory:' })
    const open = () =>
      lockgate({
        config: { ...config, tiers, redis: { keyPrefix: 'acme', form: 'zset' } },
        ...{ redis: fromIoredis(client), store: { ...store, close: async () => {} } },
      })
    const first = await open()
    const second = await open()
    const { key } = await first.keys.issue({ owner: 'ada@example.com' })
    const ask = { presentedKey: key, address: undefined, requestId: 'req_1' }
    const decisions = [await first.check(ask), await second.check(ask), await first.check(ask)]
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false])
    await first.close()
    await second.close()
    const names = await client.keys('*')
    expect(names.filter((name) => !name.startsWith('acme:'))).toEqual([])
    expect(names.length).toBeGreaterThan(0)
  } finally {
    client.disconnect()
    await server.stop()
  }
})

test('a client that does not answer refuses the start; startDegraded begins in an outage', async () => {
  await expect(lockgate({ config, redis: nobody })).rejects.toMatchObject({
    code: 'limiter_unavailable',
  })
  const degraded = { ...config, redis: { startDegraded: true } }
  const gate = await lockgate({ config: degraded, redis: nobody })
  const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
  const ask = { presentedKey: key, address: undefined, requestId: 'req_1' }
  expect(await gate.check(ask)).toMatchObject({ allowed: true })
  await gate.close()
})

test('parts of the application are closed with the gate', async () => {
  const closed: string[] = []
  const memory = createMemoryCounters({ clock: createSystemClock() })
  const counters: Counters = {
    consume: (request) => memory.consume(request),
    peek: (request) => memory.peek(request),
    settle: (receipt, costs) => memory.settle(receipt, costs),
    setKeyVersion: (keyId, version) => memory.setKeyVersion(keyId, version),
    close: () => void closed.push('counters'),
    nowMs: () => memory.nowMs(),
    seed: (seeds) => memory.seed(seeds),
    settleHold: (hold, actual) => memory.settleHold(hold, actual),
    spendStatus: (charges) => memory.spendStatus(charges),
  }
  const inner = await openSqliteStore({ path: ':memory:' })
  const store = { ...inner, close: async () => void closed.push('store') }
  await (await lockgate({ config, counters, store })).close()
  expect(closed).toEqual(['counters', 'store'])
})
