/** Redis counters on real servers, with a clock that the test moves. */
import { once } from 'node:events'
import { Cluster, Redis } from 'ioredis'
import {
  type CountersForm,
  createRedisCounters,
  fromIoredis,
  type RedisConnection,
  type RedisCounters,
} from '../../src/counters/redis/index.ts'
import type { CountersUnderTest } from '../../src/testing/counters-contract.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'

const ONCE = { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 } as const
const QUICK = { connectTimeout: 2_000, retryStrategy: () => 50 }

/** A client that sends no command twice, connected. */
async function connectTo(url: string): Promise<Redis | Cluster> {
  const urls = url.split(',')
  const client =
    urls.length === 1
      ? new Redis(url, { ...ONCE, ...QUICK, enableOfflineQueue: false })
      : new Cluster(urls, {
          redisOptions: { ...ONCE, connectTimeout: 2_000 },
          ...{ enableOfflineQueue: false, clusterRetryStrategy: () => 50 },
          ...{ retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, retryDelayOnTryAgain: 0 },
        })
  client.on('error', () => undefined)
  if (client.status !== 'ready') await once(client, 'ready')
  return client
}

/** All masters of a Cluster are connected: one that connects refuses what it is sent meanwhile. */
export async function connectionTo(url: string): Promise<RedisConnection> {
  const connection = fromIoredis(await connectTo(url))
  if (connection.isCluster) await connection.probe()
  return connection
}

/** A prefix that no other test has: servers are shared. */
export const ownPrefix = (): string => `test-${crypto.randomUUID()}`

export interface RedisRig extends CountersUnderTest {
  readonly counters: RedisCounters
  readonly clock: TestClock
  /** First part of its keys. */
  readonly prefix: string
}

export function countersOn(connection: RedisConnection, form: CountersForm): RedisRig {
  const clock = createTestClock(Date.now())
  const prefix = ownPrefix()
  const counters = createRedisCounters({ connection, form, clock, keyPrefix: prefix })
  // A place in flight lasts a minute unless it is renewed, which a timer does as real time passes.
  async function advanceMs(ms: number): Promise<void> {
    clock.advance(ms)
    await counters.renewPlaces()
  }
  return { counters, clock, prefix, advanceMs, close: () => counters.close() }
}
