/** Checks of `lockgate doctor` that ask Redis, or Valkey. They change nothing there. */
import { problemOf } from '../../compose/await-redis.ts'
import { connectRedis, type RedisLink } from '../../compose/connect-redis.ts'
import { parseRedisUrl } from '../../config/index.ts'
import type { RedisUrl } from '../../core/redis-url.ts'
import type { RedisSettings } from '../../core/settings.ts'
import { clockDifference } from './clock-difference.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const TIMEOUT_MS = 3_000
const LEAST_VERSION: readonly [major: number, minor: number] = [6, 2]

/** Nothing without Redis: counters are in memory. */
export async function redisFindings(redis: RedisSettings | null): Promise<Finding[]> {
  if (redis === null || redis.url === null) return []
  const link = await connectRedis(redis.url, redis.deadlineMs)
  try {
    const problem = await problemOf(link.connection, TIMEOUT_MS, link.lastProblem)
    if (problem !== undefined) {
      return [fail('redis', `cannot reach ${link.name}: ${problem}; start it, or correct its URL`)]
    }
    const url = parseRedisUrl(redis.url, 'LOCKGATE_REDIS_URL')
    return await serverFindings(link, url, redis.keyPrefix)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return [fail('redis', `${link.name} cannot be asked: ${problem}`)]
  } finally {
    await link.connection.close()
  }
}

async function serverFindings(
  { connection, name }: RedisLink,
  url: RedisUrl,
  key: string,
): Promise<Finding[]> {
  const info = fieldsOf(String(await connection.send('INFO', [], key)))
  const time = await connection.send('TIME', [], key)
  const [seconds, micros] = Array.isArray(time) ? time : []
  return [
    versionFinding(name, info),
    topologyFinding(url, info),
    memoryFinding(info),
    clockDifference('redis_clock', 'Redis', Number(seconds) * 1000 + Number(micros) / 1000),
  ]
}

/** `name:value`, one a line. */
const fieldsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]]
    }),
  )

function versionFinding(name: string, info: ReadonlyMap<string, string>): Finding {
  const valkey = info.get('valkey_version')
  if (valkey !== undefined) return ok('redis', `${name} answers, Valkey ${valkey}`)
  const version = info.get('redis_version') ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_VERSION
  const detail = `${name} answers, version ${version}`
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor))
    return ok('redis', detail)
  return fail('redis', `${detail}, which is too old; install ${LEAST_VERSION.join('.')} or newer`)
}

function topologyFinding({ kind }: RedisUrl, info: ReadonlyMap<string, string>): Finding {
  const isCluster = info.get('cluster_enabled') === '1'
  if (isCluster && kind !== 'cluster') {
    return fail('redis_topology', 'it is a Cluster; add ?cluster=true to the URL')
  }
  if (!isCluster && kind === 'cluster') {
    return fail('redis_topology', 'it is no Cluster; name one server only, without ?cluster=true')
  }
  if (kind !== 'cluster' && info.get('role') === 'slave') {
    return fail('redis_topology', 'it is a replica, which takes no writes; name its master')
  }
  const detail = {
    single: 'one server',
    cluster: 'a Cluster, all slots served',
    sentinel: 'the master that Sentinels name',
  }
  return ok('redis_topology', detail[kind])
}

function memoryFinding(info: ReadonlyMap<string, string>): Finding {
  const policy = info.get('maxmemory_policy') ?? 'not known'
  const detail = `maxmemory-policy is ${policy}`
  if (policy === 'noeviction') return ok('redis_memory', detail)
  return caution(
    'redis_memory',
    `${detail}: limits may be forgotten when memory is short; set it to noeviction`,
  )
}
