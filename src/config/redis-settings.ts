/** The settings of Redis: where its URL comes from, and the defaults of the rest. Pure. */
import type { RedisSettings } from '../core/settings.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { ReadConfig } from './schema.ts'

/**
 * null without a URL: counters are in memory. The other members are harmless then, since they only
 * say how counters that nobody uses would be kept; so one file serves a laptop and production.
 */
export function redisSettings(
  fromEnvironment: string | undefined,
  read: ReadConfig['redis'],
  source: string,
): RedisSettings | null {
  const url = (fromEnvironment ?? read?.url)?.trim()
  if (url === undefined) return null
  parseRedisUrl(url, fromEnvironment === undefined ? `${source}: redis.url` : 'LOCKGATE_REDIS_URL')
  return {
    url,
    form: read?.form ?? 'ring',
    deadlineMs: read?.deadline ?? 250,
    startDegraded: read?.startDegraded ?? false,
    keyPrefix: read?.keyPrefix ?? 'lockgate',
  }
}
