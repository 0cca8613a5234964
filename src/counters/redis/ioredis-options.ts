/**
 * The options with which ioredis keeps its word: a command is sent once or fails at once. It
 * connects again with a short pause, and leaves a server that has become a replica.
 */
import type { RedisCluster, RedisSentinel, RedisSingle, RedisUrl } from '../../core/redis-url.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** Of a connection that was closed in good order before, or was never there. */
const DISCONNECT_TIMEOUT_MS = 100
const LONGEST_PAUSE_MS = 1_000
/** A connection that is silent for so long is asked whether it is alive. */
const KEEP_ALIVE_MS = 10_000

/** 50 ms, then twice as long with each attempt, up to a second. */
const pauseMs = (attempt: number): number => Math.min(50 * 2 ** (attempt - 1), LONGEST_PAUSE_MS)

const leavesReplica = (error: Error): boolean => error.message.startsWith('READONLY')

function nodeOptions({ tls, username, password }: RedisUrl) {
  return {
    ...(tls ? { tls: {} } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...{ connectTimeout: CONNECT_TIMEOUT_MS, keepAlive: KEEP_ALIVE_MS },
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    ...{ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
    reconnectOnError: leavesReplica,
  }
}

function singleOptions(url: RedisSingle | RedisSentinel) {
  const place =
    url.kind === 'single'
      ? url.node
      : {
          sentinels: [...url.sentinels],
          name: url.name,
          sentinelRetryStrategy: pauseMs,
          ...(url.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        }
  return {
    ...nodeOptions(url),
    ...place,
    ...{ db: url.database, enableOfflineQueue: false, retryStrategy: pauseMs },
  }
}

function clusterOptions(url: RedisCluster) {
  return {
    redisOptions: nodeOptions(url),
    ...{ enableOfflineQueue: false, clusterRetryStrategy: pauseMs },
    // Each of these would send a command again after a pause.
    ...{ retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, retryDelayOnTryAgain: 0 },
  }
}

/** For `new Redis(…)`. */
export function ioredisOptions(url: RedisSingle | RedisSentinel): ReturnType<typeof singleOptions>
/** For `new Cluster(nodes, …)`. */
export function ioredisOptions(url: RedisCluster): ReturnType<typeof clusterOptions>
export function ioredisOptions(url: RedisUrl) {
  return url.kind === 'cluster' ? clusterOptions(url) : singleOptions(url)
}
