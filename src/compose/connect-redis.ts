/** A connection to the Redis that a URL names, through ioredis, which is loaded when it is needed. */
import { maskUrl, parseRedisUrl } from '../config/index.ts'
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

/** Begins to connect, and goes on trying for as long as it takes; `close` ends it. */
export async function connectRedis(url: string): Promise<RedisLink> {
  const parsed = parseRedisUrl(url, 'LOCKGATE_REDIS_URL')
  const { Redis, Cluster } = await loadDriver('Redis', 'ioredis', () => import('ioredis'))
  const client =
    parsed.kind === 'cluster'
      ? new Cluster([...parsed.nodes], ioredisOptions(parsed))
      : new Redis(ioredisOptions(parsed))
  let problem: string | undefined
  client.on('error', (error: Error) => {
    problem = error.message
  })
  const name = `Redis at ${maskUrl(url)}`
  return { connection: fromIoredis(client), name, lastProblem: () => problem }
}
