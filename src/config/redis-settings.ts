/** The settings of Redis: where its URL comes from, and the defaults of the rest. Pure. */
import type { RedisSettings } from '../core/settings.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { ReadConfig } from './schema.ts'

/** Of a connection that the application made itself. */
export const REDIS_DEFAULTS: RedisSettings = Object.freeze({
  url: null,
  form: 'ring',
  deadlineMs: 250,
  startDegraded: false,
  keyPrefix: 'lockgate',
})

/**
 * null without a URL, unless the application `hasOwnClient`: counters are in memory. The other
 * members are harmless then, since they only say how counters that nobody uses would be kept; so one
 * file serves a laptop and production.
 */
export function redisSettings(
  fromEnvironment: string | undefined,
  read: ReadConfig['redis'],
  source: string,
  hasOwnClient: boolean,
): RedisSettings | null {
  const url = (fromEnvironment ?? read?.url)?.trim()
  if (url === undefined && !hasOwnClient) return null
  if (url !== undefined) {
    const said = fromEnvironment === undefined ? `${source}: redis.url` : 'LOCKGATE_REDIS_URL'
    parseRedisUrl(url, said)
  }
  return {
    url: hasOwnClient ? null : (url ?? null),
    form: read?.form ?? REDIS_DEFAULTS.form,
    deadlineMs: read?.deadline ?? REDIS_DEFAULTS.deadlineMs,
    startDegraded: read?.startDegraded ?? REDIS_DEFAULTS.startDegraded,
    keyPrefix: read?.keyPrefix ?? REDIS_DEFAULTS.keyPrefix,
  }
}
