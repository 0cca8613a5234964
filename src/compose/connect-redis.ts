/** A connection to the Redis that a URL names, through ioredis, which is loaded when it is needed. */
import { maskUrl, parseRedisUrl, REDIS_DEFAULTS } from '../config/index.ts'
import { fromIoredis, type RedisConnection } from '../counters/redis/index.ts'
import { ioredisOptions } from '../counters/redis/ioredis-options.ts'
import { loadDriver } from './load-driver.ts'

export interface RedisLink {
  readonly connection: RedisConnection
  /** For people, without a password. */
  readonly name: string
  /** What the client said last of its connection; undefined while it said nothing. */
  readonly lastProblem: () => string | undefined
}

/**
 * Begins to connect, and goes on trying for as long as it takes; `close` ends it. A connection that
 * stays silent for well over `deadlineMs` is replaced.
 */
export async function connectRedis(
  url: string,
  deadlineMs = REDIS_DEFAULTS.deadlineMs,
): Promise<RedisLink> {
  const parsed = parseRedisUrl(url, 'LOCKGATE_REDIS_URL')
  const { Redis, Cluster } = await loadDriver('Redis', 'ioredis', () => import('ioredis'))
  const client =
    parsed.kind === 'cluster'
      ? new Cluster([...parsed.nodes], ioredisOptions(parsed, deadlineMs))
      : new Redis(ioredisOptions(parsed, deadlineMs))
  let problem: string | undefined
  client.on('error', (error: Error) => {
    problem = error.message
  })
  const name = `Redis at ${maskUrl(url)}`
  return { connection: fromIoredis(client), name, lastProblem: () => problem }
}
