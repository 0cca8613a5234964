/**
 * The options with which ioredis keeps its word: a command is sent once or fails at once. It
 * connects again with a short pause, leaves a server that has become a replica, and gives up a
 * connection on which nothing comes any more: a machine that lost its power says no goodbye, and TCP
 * by itself would wait a quarter of an hour for it.
 */
import type { RedisCluster, RedisSentinel, RedisSingle, RedisUrl } from '../../core/redis-url.ts'

/** How long an answer may take, at least, before its connection counts as dead. */
const SILENCE_MS = 1_000
/** How long a Sentinel may take to say where the master is, before the next one is asked. */
const SENTINEL_TIMEOUT_MS = 500
/** How often a server that loads its data is asked whether it has finished. */
const LOADING_RETRY_MS = 200
/** Of a connection that was closed in good order before, or was never there. */
const DISCONNECT_TIMEOUT_MS = 100
/** Short, for an outage is to end within two seconds of the server being back. */
const LONGEST_PAUSE_MS = 300
/** A connection that is silent for so long is asked whether it is alive. */
const KEEP_ALIVE_MS = 10_000

/** 50 ms, then twice as long with each attempt, up to 300 ms. */
const pauseMs = (attempt: number): number => Math.min(50 * 2 ** (attempt - 1), LONGEST_PAUSE_MS)

/** Servers before Redis 7 put words of their own before what stopped a script. */
const leavesReplica = (error: Error): boolean => /\bREADONLY\b/.test(error.message)

function nodeOptions({ tls, username, password }: RedisUrl, deadlineMs: number) {
  // Later than the deadline of a call, so that a slow answer is too late for its caller only.
  const silenceMs = Math.max(SILENCE_MS, 2 * deadlineMs)
  return {
    ...(tls ? { tls: {} } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...{ connectTimeout: silenceMs, socketTimeout: silenceMs, keepAlive: KEEP_ALIVE_MS },
    ...{ disconnectTimeout: DISCONNECT_TIMEOUT_MS, maxLoadingRetryTime: LOADING_RETRY_MS },
    ...{ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
    reconnectOnError: leavesReplica,
  }
}

function singleOptions(url: RedisSingle | RedisSentinel, deadlineMs: number) {
  const place =
    url.kind === 'single'
      ? url.node
      : {
          sentinels: [...url.sentinels],
          name: url.name,
          sentinelRetryStrategy: pauseMs,
          sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
          ...(url.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        }
  return {
    ...nodeOptions(url, deadlineMs),
    ...place,
    ...{ db: url.database, enableOfflineQueue: false, retryStrategy: pauseMs },
  }
}

function clusterOptions(url: RedisCluster, deadlineMs: number) {
  return {
    redisOptions: nodeOptions(url, deadlineMs),
    ...{ enableOfflineQueue: false, clusterRetryStrategy: pauseMs },
    // Each of these would send a command again after a pause.
    ...{ retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, retryDelayOnTryAgain: 0 },
  }
}

/** For `new Redis(…)`. No call waits longer for its answer than `deadlineMs`. */
export function ioredisOptions(
  url: RedisSingle | RedisSentinel,
  deadlineMs: number,
): ReturnType<typeof singleOptions>
/** For `new Cluster(nodes, …)`. */
export function ioredisOptions(
  url: RedisCluster,
  deadlineMs: number,
): ReturnType<typeof clusterOptions>
export function ioredisOptions(url: RedisUrl, deadlineMs: number) {
  return url.kind === 'cluster' ? clusterOptions(url, deadlineMs) : singleOptions(url, deadlineMs)
}
