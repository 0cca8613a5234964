/** Two instances on a real Redis that is killed, paused and started again. */

import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Limit } from '../../src/core/limits/limit.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import { createRedisCounters, fromIoredis } from '../../src/counters/redis/index.ts'
import {
  createOutageCounters,
  type OutageCounters,
} from '../../src/engine/outage/outage-counters.ts'
import { createSystemClock } from '../../src/engine/system-clock.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'

const minute: Limit = { name: 'minute', quota: 10, windowMs: 60_000, algorithm: 'sliding-window' }
const limits = Object.freeze([minute])
const log = { debug() {}, info() {}, warn() {}, error() {} }

/** Long, so that a busy machine is not taken for an outage. */
const DEADLINE_MS = 1_500

let redis: RedisServer
let instances: OutageCounters[]
beforeEach(async () => {
  redis = await startRedis()
  instances = [await connect('one'), await connect('two')]
  for (const one of instances) await one.consume({ charges: [charge('kwarm-up-')] })
  // Each has learnt of the other with its second heartbeat.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
})
afterEach(async () => {
  await Promise.all(instances.map((one) => one.close()))
  await redis.stop()
})

async function connect(instanceId: string): Promise<OutageCounters> {
  const client = new Redis(redis.url, {
    ...{ enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true },
    ...{ autoResendUnfulfilledCommands: false, retryStrategy: () => 50 },
  })
  client.on('error', () => {})
  await client.connect()
  const clock = createSystemClock()
  return createOutageCounters({
    ...{ shared: createRedisCounters({ connection: fromIoredis(client) }), clock, log },
    ...{ local: createMemoryCounters({ clock }), policy: 'local', instanceId },
    deadlineMs: DEADLINE_MS,
  })
}

const charge = (subject: string) => ({ subject, limits, cost: 1 })

/** How many of 20 requests to each instance are admitted. */
async function admitted(subject = 'k7Hq2mZ9x'): Promise<number[]> {
  const counts = instances.map(async (one) => {
    const asked = Array.from({ length: 20 }, () => one.consume({ charges: [charge(subject)] }))
    return (await Promise.all(asked)).filter(({ kind }) => kind === 'admitted').length
  })
  return Promise.all(counts)
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

async function recovered(): Promise<void> {
  await vi.waitUntil(() => instances.every((one) => one.outage() === undefined), {
    timeout: 20_000,
  })
}

describe('when Redis goes away', () => {
  test('killed, each instance enforces its share; back without data it learns of that', async () => {
    expect(total(await admitted())).toBe(10)
    await redis.kill()
    expect(await admitted()).toEqual([5, 5])
    expect(await admitted()).toEqual([0, 0])
    await redis.start()
    await recovered()
    expect(await admitted()).toEqual([0, 0])
    expect(total(await admitted('kaaaaaaaa'))).toBe(10)
  })

  test('paused, no request waits; what it took meanwhile is given back when it goes on', async () => {
    redis.pause()
    const counts = await admitted()
    expect(counts).toEqual([5, 5])
    expect(instances.map((one) => one.outage()?.reason)).toEqual(['unreachable', 'unreachable'])
    redis.resume()
    await recovered()
    expect(await admitted()).toEqual([0, 0])
  })

  test('a key that is revoked meanwhile is stale for the others when it is back', async () => {
    await redis.kill()
    await admitted()
    await instances[0]?.setKeyVersion('7Hq2mZ9x', 2)
    await redis.start()
    await recovered()
    const key = { keyId: '7Hq2mZ9x', version: 1 }
    const outcome = await instances[1]?.consume({ charges: [charge('k7Hq2mZ9x')], key })
    expect(outcome).toEqual({ kind: 'stale-key', version: 2 })
  })
})
