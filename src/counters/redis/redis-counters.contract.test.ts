import { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import { countersContract } from '../../testing/counters-contract.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createRedisCounters, fromIoredis } from './index.ts'

describe.each(['ring', 'zset'] as const)('Redis, %s', (form) => {
  let n = 0
  countersContract({ describe, test }, async () => {
    const clock = createTestClock(Date.now())
    const client = new Redis(process.env['LOCKGATE_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:7399', {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      lazyConnect: true,
    })
    await client.connect()
    const counters = createRedisCounters({
      connection: fromIoredis(client),
      form,
      clock,
      keyPrefix: `t${process.pid}-${form}-${n++}`,
    })
    const advanceMs = async (ms: number) => {
      for (let left = ms; left > 0; left -= 20_000) {
        clock.advance(Math.min(left, 20_000))
        if (ms < 3_600_000) await counters.renewPlaces()
        else {
          clock.advance(left - Math.min(left, 20_000))
          break
        }
      }
    }
    return { counters, advanceMs, close: () => counters.close() }
  })
})
