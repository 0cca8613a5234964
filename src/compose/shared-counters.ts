/** Counters on a server, guarded against its outages. */
import { randomId } from '../core/crypto.ts'
import { LockgateError } from '../core/errors.ts'
import type { SharedCounters } from '../core/ports/counters.ts'
import type { RedisSettings } from '../core/settings.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { createRedisCounters, type RedisConnection } from '../counters/redis/index.ts'
import { createOutageCounters, type OutageCounters } from '../engine/outage/outage-counters.ts'
import { problemOf } from './await-redis.ts'
import { connectRedis, type RedisLink } from './connect-redis.ts'
import type { CountersParts } from './open-counters.ts'

/** With the five seconds of the database, a start is decided within ten. */
const START_TIMEOUT_MS = 4_500
/** A start that does not depend on Redis waits for it no longer. */
const DEGRADED_TIMEOUT_MS = 1_000
const ID_LENGTH = 12

/** Counters on the Redis that `redis.url` names. */
export async function openRedisCounters(
  redis: RedisSettings,
  parts: CountersParts,
): Promise<OutageCounters> {
  return onRedis(await connectRedis(redis.url ?? '', redis.deadlineMs), redis, parts)
}

/** Where `startDegraded` lets them, the counters begin in an outage and recover later. */
export async function onRedis(
  { connection, name, lastProblem }: RedisLink,
  redis: RedisSettings,
  parts: CountersParts,
): Promise<OutageCounters> {
  const { form, keyPrefix, startDegraded } = redis
  const shared = createRedisCounters({ connection, form, keyPrefix })
  const timeoutMs = startDegraded ? DEGRADED_TIMEOUT_MS : START_TIMEOUT_MS
  const problem = await problemOf(shared, timeoutMs, lastProblem)
  if (problem === undefined || startDegraded) {
    return guarded(shared, redis, parts, problem !== undefined)
  }
  await shared.close()
  throw new LockgateError(
    'limiter_unavailable',
    `cannot reach ${name}: ${problem}; start it, correct LOCKGATE_REDIS_URL, or set redis.startDegraded to start without it`,
  )
}

/** Counters on a server, made fit for its outages. */
export function guarded(
  shared: SharedCounters,
  { deadlineMs }: Pick<RedisSettings, 'deadlineMs'>,
  { outage, clock, log }: CountersParts,
  startInOutage = false,
): OutageCounters {
  return createOutageCounters({
    ...{ shared, local: createMemoryCounters({ clock }), policy: outage, clock, log },
    ...{ instanceId: randomId(ID_LENGTH), deadlineMs, startInOutage },
  })
}

/** A client of the application's own stays open when the gate is closed. */
export function linkOf(client: RedisConnection): RedisLink {
  const connection: RedisConnection = Object.freeze({
    isCluster: client.isCluster,
    send: (...command: Parameters<RedisConnection['send']>) => client.send(...command),
    probe: () => client.probe(),
    close: async () => undefined,
  })
  const name = 'Redis through the client that lockgate() was given'
  return { connection, name, lastProblem: () => undefined }
}
