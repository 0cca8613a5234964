/**
 * The counters that the configuration or the application asks for: in memory, or shared. What is
 * needed for shared ones is loaded when they are asked for.
 */
import { REDIS_DEFAULTS } from '../config/index.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { CheckpointedCounters, Counters, SharedCounters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import type { RedisConnection } from '../counters/redis/index.ts'

export interface CountersParts {
  readonly outage: Settings['outage']
  readonly clock: Clock
  readonly log: Logger
}

/** What the application made itself, instead of what the configuration names. */
export interface GivenCounters {
  readonly redis?: RedisConnection
  readonly counters?: Counters | SharedCounters
}

/** @throws LockgateError `limiter_unavailable`; ConfigError where the driver is missing. */
export async function openCounters(
  settings: Pick<Settings, 'redis'>,
  given: GivenCounters,
  parts: CountersParts,
): Promise<Counters | CheckpointedCounters> {
  const { counters, redis: client } = given
  const isLocal = counters === undefined && client === undefined && settings.redis === null
  if (isLocal) return createMemoryCounters({ clock: parts.clock })
  if (counters !== undefined && !isShared(counters)) return counters
  const { guarded, onRedis, linkOf, openRedisCounters } = await import('./shared-counters.ts')
  const redis = settings.redis ?? REDIS_DEFAULTS
  if (counters !== undefined) return guarded(counters, redis, parts)
  return client === undefined
    ? openRedisCounters(redis, parts)
    : onRedis(linkOf(client), redis, parts)
}

const isShared = (counters: Counters | SharedCounters): counters is SharedCounters =>
  'heartbeat' in counters
