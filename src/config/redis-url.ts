/**
 * Redis URLs, read: one server, a Cluster, or Sentinels. What they say and cannot be honoured is
 * refused, never skipped: a database or a password that is left out would quietly be another place.
 *
 * Everything up to the last `@` is the credential, so that a password pasted with a slash or a
 * question mark still works; `%` begins an escape.
 */
import { ConfigError } from '../core/errors.ts'
import type { RedisNode, RedisUrl } from '../core/redis-url.ts'
import { maskUrl } from './database-url.ts'

const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379
const MAX_DATABASE = 65_535
const FORMS =
  'redis://host:6379, rediss://host:6379, several of them with commas for a Cluster, or redis+sentinel://host:26379/name'

/** Throws a ConfigError that names `source` and shows the URL without its password. */
export function parseRedisUrl(url: string, source: string): RedisUrl {
  try {
    return readUrl(url.trim())
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error
    throw new ConfigError(`${source}: ${error.message} (got ${maskUrl(url.trim())})`)
  }
}

/** What is wrong with the URL; holds no part of its credential. */
class UrlProblem extends Error {}

function readUrl(url: string): RedisUrl {
  if (/[\s\0]/.test(url)) throw new UrlProblem('must not hold spaces or line breaks')
  if (/^rediss?\+sentinel:\/\//i.test(url)) return readSentinel(partsOf(url))
  const urls = url.split(/,(?=rediss?:\/\/)/i)
  if (!urls.every((one) => /^rediss?:\/\//i.test(one))) throw new UrlProblem(`must be ${FORMS}`)
  const parts = urls.map(partsOf)
  const [first] = parts
  if (first === undefined) throw new UrlProblem(`must be ${FORMS}`)
  if (parts.length > 1) return readCluster(first, parts)
  const isCluster = readQuery(first.query, ['cluster']).get('cluster')
  if (isCluster === 'true') return readCluster(first, [{ ...first, query: '' }])
  if (isCluster !== undefined && isCluster !== 'false') {
    throw new UrlProblem('cluster must be true or false')
  }
  const { tls, username, password } = first
  const [node] = nodesOf(first.hosts, REDIS_PORT)
  if (node === undefined || first.hosts.includes(',')) throw new UrlProblem(WHOLE_URLS)
  return { kind: 'single', node, database: databaseOf(first.path), tls, username, password }
}

const WHOLE_URLS =
  'must name each node of a Cluster by a whole URL, such as redis://a:6379,redis://b:6379'

interface UrlParts {
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly hosts: string
  /** Without its slash. */
  readonly path: string
  /** Without its question mark. */
  readonly query: string
}

function partsOf(url: string): UrlParts {
  const schemeEnd = url.indexOf('://')
  const rest = url.slice(schemeEnd + 3)
  const at = rest.lastIndexOf('@')
  const match = /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(rest.slice(at + 1))
  if (match === null) throw new UrlProblem('must not have a fragment; write "#" as %23')
  const [, hosts = '', path = '', query = ''] = match
  const credential = at === -1 ? '' : rest.slice(0, at)
  const [username = '', ...rests] = credential.split(':')
  const password = rests.join(':')
  if (username !== '' && password === '') {
    throw new UrlProblem('names a user and no password; a password alone is redis://:password@host')
  }
  return {
    tls: /^rediss/i.test(url),
    username: decoded(username) || undefined,
    password: decoded(password) || undefined,
    ...{ hosts, path, query },
  }
}

function readCluster(first: UrlParts, parts: readonly UrlParts[]): RedisUrl {
  const { tls } = first
  if (parts.some((part) => part.tls !== tls)) {
    throw new UrlProblem('must have one scheme for all nodes, redis:// or rediss://')
  }
  for (const { hosts, path, query } of parts) {
    if (hosts.includes(',')) throw new UrlProblem(WHOLE_URLS)
    if (databaseOf(path) !== 0) throw new UrlProblem('a Cluster has database 0 only; leave it out')
    readQuery(query, [])
  }
  const { username, password } = credentialOf(parts)
  const nodes = parts.flatMap(({ hosts }) => nodesOf(hosts, REDIS_PORT))
  return { kind: 'cluster', nodes, tls, username, password }
}

/** One credential for the whole Cluster: which node is asked first is chance. */
function credentialOf(parts: readonly UrlParts[]): Pick<UrlParts, 'username' | 'password'> {
  const given = parts.filter(({ username, password }) => (username ?? password) !== undefined)
  const [first = { username: undefined, password: undefined }] = given
  const agree = given.every(
    ({ username, password }) => username === first.username && password === first.password,
  )
  if (!agree) throw new UrlProblem('must have the same user and password for all nodes')
  return first
}

function readSentinel({ hosts, path, query, ...access }: UrlParts): RedisUrl {
  const name = decoded(path)
  if (name === '' || name.includes('/')) {
    throw new UrlProblem(
      'must end with the name that the Sentinels watch, such as redis+sentinel://a:26379,b:26379/mymaster',
    )
  }
  const database = databaseOf(readQuery(query, ['db']).get('db') ?? '')
  const sentinels = nodesOf(hosts, SENTINEL_PORT)
  return { kind: 'sentinel', sentinels, name, database, ...access }
}

function nodesOf(hosts: string, defaultPort: number): RedisNode[] {
  return hosts.split(',').map((text) => {
    const match = /^(?:\[([0-9a-f:.]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/i.exec(text)
    const [, ipv6, name, digits] = match ?? []
    const host = ipv6 ?? name
    const port = digits === undefined ? defaultPort : Number(digits)
    if (host === undefined || port < 1 || port > 65_535) {
      throw new UrlProblem('must name host:port, with a port from 1 to 65535 and IPv6 in brackets')
    }
    return { host, port }
  })
}

function databaseOf(text: string): number {
  const database = Number(text === '' ? '0' : text)
  if (/^\d{0,5}$/.test(text) && database <= MAX_DATABASE) return database
  throw new UrlProblem('the database must be a number, such as redis://host:6379/1')
}

/** Every parameter is known, and there once. */
function readQuery(query: string, known: readonly string[]): ReadonlyMap<string, string> {
  const pairs = [...new URLSearchParams(query)]
  const names = pairs.map(([name]) => name)
  const stranger = names.find((name) => !known.includes(name))
  if (stranger !== undefined) {
    const hint = known.length === 0 ? 'leave it out' : `known here: ${known.join(', ')}`
    throw new UrlProblem(`has a parameter that is not known; ${hint}`)
  }
  if (new Set(names).size < names.length) throw new UrlProblem('has a parameter twice; keep one')
  return new Map(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UrlProblem('has a "%" that begins no escape; write it as %25')
  }
}
