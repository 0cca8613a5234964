import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { DEFAULT_TIERS } from '../core/tier.ts'
import { REDIS_DEFAULTS } from './redis-settings.ts'
import { resolveSettings } from './resolve-settings.ts'

const HOUR = { name: 'hour', quota: 5, window: '1h' }

const tierWith = (limit: object) => ({ tiers: { free: { limits: [limit] } } })

function messageOf(config: unknown, env = {}): string {
  try {
    resolveSettings(config, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

describe('what is left out keeps its default', () => {
  test('an empty configuration', () => {
    const settings = resolveSettings({}, {})
    expect(settings).toMatchObject({
      databaseUrl: 'sqlite:./lockgate.db',
      keys: {
        prefix: 'sk',
        hash: 'argon2id',
        argon2id: { memoryKiB: 19_456, passes: 2, parallelism: 1 },
        hashing: { running: 2, queued: 64 },
      },
      address: {
        limits: [{ name: 'ip', quota: 1200, windowMs: 60_000 }],
        failures: { name: 'ip-failures', quota: 20, windowMs: 60_000 },
      },
      http: { trustedProxies: [], ipv6PrefixBits: 64, errors: 'lockgate', realm: 'api' },
      gateway: { upstream: undefined, routes: [], maxBodyBytes: 10_485_760 },
      outage: 'local',
      logLevel: 'info',
    })
    expect([...settings.tiers.values()]).toEqual(DEFAULT_TIERS)
  })

  test('a tier that is named replaces the default of that name, the others stay', () => {
    const { tiers } = resolveSettings(
      { tiers: { free: { limits: [HOUR] }, gold: { limits: [] } } },
      {},
    )
    expect([...tiers.keys()]).toEqual(['free', 'paid', 'gold'])
    expect(tiers.get('free')?.limits).toEqual([
      { name: 'hour', quota: 5, windowMs: 3_600_000, algorithm: 'sliding-window' },
    ])
    expect(tiers.get('paid')).toBe(DEFAULT_TIERS[1])
  })

  test('one member of a group leaves the rest of the group', () => {
    const settings = resolveSettings(
      {
        keys: { bcrypt: { cost: 10 } },
        ip: { failures: { quota: 3 } },
        gateway: { drainDelay: '3s', drainTimeout: '1s' },
      },
      {},
    )
    expect(settings.keys.argon2id.memoryKiB).toBe(19_456)
    expect(settings.address?.failures).toMatchObject({ quota: 3, windowMs: 60_000 })
    expect(settings.gateway).toMatchObject({
      ...{ drainDelayMs: 3000, drainTimeoutMs: 1000, connectTimeoutMs: 5000 },
    })
  })

  test('ip: false turns the address layer off', () => {
    expect(resolveSettings({ ip: false }, {}).address).toBeNull()
  })
})

test('settings are frozen at every depth', () => {
  const settings = resolveSettings(
    {
      ...tierWith(HOUR),
      routes: [{ path: '/v1', limits: [HOUR] }],
      ip: { trustedProxies: ['::1'] },
    },
    {},
  )
  const thaw = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return []
    const inner = value instanceof Map ? [...value.values()] : Object.values(value)
    const own = value instanceof Map || Object.isFrozen(value) ? [] : [JSON.stringify(value)]
    return [...own, ...inner.flatMap(thaw)]
  }
  expect(thaw(settings)).toEqual([])
})

describe('impossible values are refused by path, with what is allowed', () => {
  test.each([
    [{ window: '0s' }, 'tiers.free.limits[0].window must be between 1 ms and 366 days, not "0s"'],
    [{ quota: 0 }, 'tiers.free.limits[0].quota must be a whole number of at least 1, not 0'],
    [{ quota: -1 }, 'tiers.free.limits[0].quota must be a whole number of at least 1, not -1'],
    [{ quota: 1.5 }, 'tiers.free.limits[0].quota must be a whole number of at least 1, not 1.5'],
    [{ quota: Number.NaN }, 'limits[0].quota must be a whole number of at least 1, not NaN'],
    [
      { quota: Number('1e400') },
      'limits[0].quota must be a whole number of at least 1, not Infinity',
    ],
    [{ quota: '60' }, 'limits[0].quota must be a whole number of at least 1, not "60"'],
    [{ quota: undefined }, 'limits[0].quota must be a whole number of at least 1, not undefined'],
    [{ algorithm: 'sliding' }, 'limits[0].algorithm must be one of sliding-window, token-bucket'],
    [{ burst: { extra: -1, for: '1s' } }, 'limits[0].burst.extra must be a fraction'],
  ])('a limit with %o', (part, expected) => {
    expect(messageOf(tierWith({ ...HOUR, ...part }))).toContain(expected)
  })

  test.each([
    [{ tiers: { free: {} } }, 'tiers.free.limits is missing; it must be a list of limits'],
    [{ tiers: { free: { limits: [HOUR, HOUR] } } }, 'tiers.free.limits[1].name must differ'],
    [{ tiers: { 'a b': { limits: [] } } }, 'tiers["a b"] must be a name of letters'],
    [{ keys: { prefix: 'sk_live' } }, 'keys.prefix must be lower-case letters and digits'],
    [{ keys: { prefix: '' } }, 'keys.prefix must be'],
    [{ keys: { hash: 'md5' } }, 'keys.hash must be one of argon2id, bcrypt, not "md5"'],
    [
      { keys: { argon2id: { memoryKiB: 8, parallelism: 2 } } },
      'keys.argon2id.memoryKiB must be at',
    ],
    [
      { keys: { argon2id: { memoryKiB: 262_145 } } },
      'keys.argon2id.memoryKiB must be a whole number from 8 to 262144',
    ],
    [{ keys: { argon2id: { passes: 17 } } }, 'keys.argon2id.passes must be'],
    [{ keys: { argon2id: { parallelism: 17 } } }, 'keys.argon2id.parallelism must be'],
    [{ keys: { bcrypt: { cost: 15 } } }, 'keys.bcrypt.cost must be'],
    [{ ip: true }, 'ip must be an object, or false to turn it off'],
    [{ ip: { trustedProxies: ['10/8'] } }, 'ip.trustedProxies[0] must be an address or CIDR block'],
    [{ ip: { trustedProxies: ['10.0.0.0/33'] } }, 'ip.trustedProxies[0] must be'],
    [{ ip: { trustedProxies: ['fe80::1%eth0'] } }, 'ip.trustedProxies[0] must be'],
    [{ ip: { ipv6PrefixBits: 129 } }, 'ip.ipv6PrefixBits must be a whole number from 32 to 128'],
    [{ ip: { limits: [{ ...HOUR, name: 'ip-failures' }] } }, 'ip.limits[0].name must not be'],
    [{ upstreamHeaders: { 'a b': 'x' } }, 'upstreamHeaders["a b"] is not a header name'],
    [{ upstreamHeaders: { Host: 'x' } }, 'upstreamHeaders.Host is set by the gateway itself'],
    [{ upstreamHeaders: { a: 'x', A: 'x' } }, 'upstreamHeaders.A is there twice'],
    [
      { upstreamHeaders: { 'x-lockgate-owner': 'x' } },
      'upstreamHeaders.x-lockgate-owner is reserved',
    ],
    [{ routes: [{ path: 'v1' }] }, 'routes[0].path must be a path such as /v1/chat'],
    [{ routes: [{ path: '/a/../b' }] }, 'routes[0].path must be'],
    [{ routes: [{ path: '/%61' }] }, 'routes[0].path must be'],
    [{ routes: [{ path: '/a', methods: [] }] }, 'routes[0].methods must name a method'],
    [{ routes: [{ path: '/a', methods: ['TRACE'] }] }, 'routes[0].methods[0] must be a method'],
    [{ routes: [{ path: '/a', cost: 61 }] }, 'routes[0].cost must fit every limit'],
    [
      { routes: [{ path: '/a', cost: 2, limits: [{ ...HOUR, quota: 1 }] }] },
      'of "hour" in routes[0]',
    ],
    [
      { gateway: { headersTimeout: '10' } },
      'gateway.headersTimeout must be a duration such as "10s"',
    ],
    [{ gateway: { headersTimeout: '2m' } }, 'gateway.headersTimeout must not be longer than'],
    [{ gateway: { maxBodyBytes: -1 } }, 'gateway.maxBodyBytes must be a whole number'],
    [{ realm: 'a"b' }, 'realm must be'],
    [{ outage: 'opne' }, 'outage must be one of local, closed, open, not "opne"'],
    [null, 'the configuration must be an object, not null'],
    [[], 'the configuration must be an object, not a list'],
  ])('%o', (config, expected) => {
    expect(messageOf(config)).toContain(expected)
  })

  test.each([
    'ftp://h',
    'h:80',
    '//h',
    'http://u:sesame@h/',
    'http://h/?a=1',
    'http://h/#a',
    'http://h/a/../b',
    'http://h//a',
    'http://h\\a',
    'http://h:99999',
    'http://h:0',
    '',
    7,
  ])('the upstream %s', (upstream) => {
    const message = messageOf({ upstream })
    expect(message).toContain('upstream must be an http:// or https:// origin')
    expect(message).not.toContain('sesame')
    expect(messageOf({ routes: [{ path: '/', upstream }] })).toContain('routes[0].upstream must be')
  })

  test('a route behind a wider one, which would lose its scope', () => {
    const wide = { path: '/v1' }
    const narrow = { path: '/v1/admin', scope: 'admin' }
    expect(messageOf({ routes: [wide, narrow] })).toContain('routes[1] is never reached: routes[0]')
    expect(messageOf({ routes: [narrow, wide] })).toBe('accepted')
    expect(messageOf({ routes: [{ ...wide, methods: ['GET'] }, narrow] })).toBe('accepted')
    expect(messageOf({ routes: [{ path: '/v' }, { path: '/v1' }] })).toBe('accepted')
  })

  test('several problems: one a line, at most ten', () => {
    const limits = Array.from({ length: 12 }, (_, index) => ({
      ...HOUR,
      name: `h${index}`,
      quota: 0,
    }))
    const lines = messageOf({ tiers: { free: { limits } } }).split('\n')
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('configuration: and 2 more')
  })
})

describe('variables of the environment that cannot be', () => {
  test.each([
    [{ LOCKGATE_REDIS_URL: 'memcached://:sesame@h' }, 'LOCKGATE_REDIS_URL: must be redis://host'],
    [
      { LOCKGATE_REDIS_URL: 'redis://:sesame@h/x' },
      'a number, such as redis://host:6379/1 (got redis://***@h/x)',
    ],
    [
      { LOCKGATE_DATABASE_URL: 'postgres://u:sesame@h:x/db' },
      'LOCKGATE_DATABASE_URL: must be postgres://user:password@host:5432/name',
    ],
    [{ LOCKGATE_DATABASE_URL: 'postgres:sesame@h/db' }, 'must be postgres://user:password@host'],
    [{ LOCKGATE_DATABASE_URL: 'sqlite://x.db' }, 'write sqlite:PATH, without "//"'],
    [{ LOCKGATE_DATABASE_URL: 'mysql:x' }, 'must be sqlite:PATH'],
    [{ LOCKGATE_LOG_LEVEL: 'loud' }, 'LOCKGATE_LOG_LEVEL: must be one of trace, debug'],
  ])('%o', (env, expected) => {
    const message = messageOf({}, env)
    expect(message).toContain(expected)
    expect(message).not.toContain('sesame')
  })
})

describe('databases and counters on servers', () => {
  test.each([
    'postgres://u:p%40ss@db.internal:5433/lockgate?sslmode=require',
    'postgresql://[::1]/lockgate',
    'postgres:///lockgate?host=/var/run/postgresql',
  ])('%s', (databaseUrl) => {
    expect(resolveSettings({ databaseUrl }, {}).databaseUrl).toBe(databaseUrl)
  })

  test('Redis: the defaults, and what the file says', () => {
    expect(resolveSettings({}, {}).redis).toBeNull()
    expect(resolveSettings({ redis: { url: 'redis://h' } }, {}).redis).toEqual({
      url: 'redis://h',
      form: 'ring',
      deadlineMs: 250,
      startDegraded: false,
      keyPrefix: 'lockgate',
    })
    const said = { form: 'zset', startDegraded: true, keyPrefix: 'acme:prod' } as const
    const redis = { url: 'rediss://h', deadline: '50ms', ...said }
    expect(resolveSettings({ redis }, {}).redis).toEqual({
      ...{ url: 'rediss://h', deadlineMs: 50, ...said },
    })
  })

  test('LOCKGATE_REDIS_URL wins over redis.url and leaves the rest of redis', () => {
    const file = { redis: { url: 'redis://file', form: 'zset' } }
    const env = { LOCKGATE_REDIS_URL: ' redis://env ' }
    expect(resolveSettings(file, env).redis).toMatchObject({ url: 'redis://env', form: 'zset' })
  })

  test('a client of the application takes the place of the URL, and keeps the rest', () => {
    const file = { redis: { url: 'redis://file', form: 'zset' } }
    expect(resolveSettings(file, {}, { hasOwnRedis: true }).redis).toMatchObject({
      ...{ url: null, form: 'zset' },
    })
    expect(resolveSettings({}, {}, { hasOwnRedis: true }).redis).toEqual(REDIS_DEFAULTS)
  })

  test('how counters are kept says nothing without a URL: they are in memory', () => {
    expect(resolveSettings({ redis: { form: 'zset', startDegraded: true } }, {}).redis).toBeNull()
  })

  test.each([
    [{ url: '' }, 'redis.url must be a text such as "redis://127.0.0.1:6379"'],
    [{ url: 'redis://u:sesame@h:0' }, 'redis.url: must name host:port, with a port from 1'],
    [{ form: 'list' }, 'redis.form must be one of ring, zset, not "list"'],
    [{ deadline: '1m' }, 'redis.deadline must be a duration such as "10s" from 10 ms to 10000 ms'],
    [{ keyPrefix: 'a{b}' }, 'redis.keyPrefix must be 1 to 64 letters'],
  ])('refused: %o', (redis, expected) => {
    const message = messageOf({ redis })
    expect(message).toContain(expected)
    expect(message).not.toContain('sesame')
  })
})

describe('precedence', () => {
  test('command line, then environment, then file, then default', () => {
    const file = { databaseUrl: 'sqlite:file.db', upstream: 'http://file' }
    const env = { LOCKGATE_DATABASE_URL: 'sqlite:env.db', LOCKGATE_LOG_LEVEL: 'debug' }
    expect(resolveSettings(file, {}).databaseUrl).toBe('sqlite:file.db')
    expect(resolveSettings(file, env)).toMatchObject({
      databaseUrl: 'sqlite:env.db',
      logLevel: 'debug',
    })
    expect(resolveSettings(file, env, { upstream: 'http://line/' }).gateway.upstream).toBe(
      'http://line',
    )
    expect(resolveSettings({}, { LOCKGATE_DATABASE_URL: '' }).databaseUrl).toBe(
      'sqlite:./lockgate.db',
    )
  })

  test('an upstream on the command line is checked like any other', () => {
    expect(() => resolveSettings({}, {}, { upstream: 'http://u:sesame@h' })).toThrow(
      /^upstream must be an http:\/\/ or https:\/\/ origin(?!.*sesame)/,
    )
  })
})

test('a secret of upstreamHeaders is in no message', () => {
  const message = messageOf({
    upstreamHeaders: { authorization: 'Bearer sesame\n', 'x-key': ' sesame' },
  })
  expect(message).toContain('upstreamHeaders.authorization must be visible ASCII text')
  expect(message).not.toContain('sesame')
})

test('names and paths are brought to one form', () => {
  const { gateway } = resolveSettings(
    {
      upstream: 'HTTP://Example.COM:80/base/',
      upstreamHeaders: { Authorization: 'Bearer x' },
      routes: [{ path: '/v1/' }, { path: '/' }],
    },
    {},
  )
  expect(gateway.upstream).toBe('http://example.com/base')
  expect(gateway.upstreamHeaders).toEqual({ authorization: 'Bearer x' })
  expect(gateway.routes.map(({ path }) => path)).toEqual(['/v1', '/'])
})
