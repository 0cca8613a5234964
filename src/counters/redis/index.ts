/** Counters on Redis and Valkey. */
import { sha1Hex } from '../../core/crypto.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { Batch } from './batch.ts'
import type { RedisConnection } from './connection.ts'
import { KeyNames } from './key-names.ts'
import { type CountersForm, scriptOf } from './lua/script.ts'
import { ScriptPlans } from './plans.ts'
import { RedisCounters } from './redis-counters.ts'
import { type Script, Sender } from './sender.ts'

export type { RedisArgument, RedisConnection } from './connection.ts'
export { fromIoredis, type IoredisLike } from './ioredis.ts'
export type { CountersForm } from './lua/script.ts'
export { fromNodeRedis, type NodeRedisLike } from './node-redis.ts'
export type { RedisCounters } from './redis-counters.ts'

export interface RedisCountersOptions {
  readonly connection: RedisConnection
  /** How admissions are kept: a packed ring (default), or a sorted set that a person can read. */
  readonly form?: CountersForm
  /** First part of every key; default `lockgate`. */
  readonly keyPrefix?: string
  /** Goes by this clock instead of the server's. For tests: instances would disagree. */
  readonly clock?: Pick<Clock, 'monotonicMs'>
}

/**
 * Counters that any number of instances share. They own the connection: `close` ends it.
 *
 * ```ts
 * const counters = createRedisCounters({ connection: fromIoredis(new Redis(url, options)) })
 * ```
 */
export function createRedisCounters(options: RedisCountersOptions): RedisCounters {
  const { connection, form = 'ring', keyPrefix = 'lockgate', clock } = options
  const names = new KeyNames(keyPrefix, form)
  const sender = new Sender({
    connection,
    script: named(scriptOf(form, false)),
    spendScript: named(scriptOf(form, true)),
    newBatch: () => new Batch(names, form),
    nowMs: () => (clock === undefined ? 0 : Math.floor(clock.monotonicMs())),
  })
  return new RedisCounters({ connection, names, plans: new ScriptPlans(), sender })
}

const named = (text: string): Script => ({ text, sha1: sha1Hex(text) })
