/** `SCRIPT FLUSH` under load: no call fails, and none is counted wrongly. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRedis } from '../../src/compose/connect-redis.ts'
import type { Limit } from '../../src/core/limits/limit.ts'
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/index.ts'
import { until } from '../servers/child.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'

const QUOTA = 10
const CALLERS = 64
const LIMITS: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: QUOTA, windowMs: 60_000, algorithm: 'sliding-window' },
])

let redis: RedisServer
const instances: RedisCounters[] = []
beforeAll(async () => {
  redis = await startRedis()
  while (instances.length < 4) {
    const { connection } = await connectRedis(redis.url)
    const counters = createRedisCounters({ connection })
    instances.push(counters)
    await until('Redis is reached', async () => {
      await counters.probe()
      return true
    })
  }
})
afterAll(async () => {
  await Promise.all(instances.map((counters) => counters.close()))
  await redis.stop()
})

/** A turn of the event loop before each, so that every call is a command of its own. */
async function take(caller: number, subject: string): Promise<string | undefined> {
  for (let turn = 0; turn < caller / instances.length; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const counters = instances[caller % instances.length]
  return (await counters?.consume({ charges: [{ subject, limits: LIMITS, cost: 1 }] }))?.kind
}

test('a server that forgets the script again and again admits exactly the limit', async () => {
  let flushing = true
  let flushes = 0
  const flusher = (async () => {
    for (; flushing; flushes++) await ask(redis.port, 'SCRIPT', 'FLUSH')
  })()
  for (let round = 0; round < 200; round++) {
    const subject = `k${String(round).padStart(8, '0')}`
    const asked = Array.from({ length: CALLERS }, (_, caller) => take(caller, subject))
    const kinds = await Promise.all(asked)
    expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(QUOTA)
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(CALLERS - QUOTA)
  }
  flushing = false
  await flusher
  expect(flushes).toBeGreaterThan(10)
}, 60_000)
