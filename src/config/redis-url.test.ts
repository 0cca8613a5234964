import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { parseRedisUrl } from './redis-url.ts'

const OPEN = { tls: false, username: undefined, password: undefined }
const ADA = { tls: false, username: 'ada', password: 'sesame' }
const single = (host: string, port = 6379, database = 0) => ({
  ...{ kind: 'single', node: { host, port }, database },
})

describe('a URL is read into what it says', () => {
  test.each([
    ['redis://h', { ...single('h'), ...OPEN }],
    ['redis://10.0.0.7:6380/3', { ...single('10.0.0.7', 6380, 3), ...OPEN }],
    ['rediss://h/', { ...single('h'), ...OPEN, tls: true }],
    ['REDIS://h?cluster=false', { ...single('h'), ...OPEN }],
    ['redis://[::1]', { ...single('::1'), ...OPEN }],
    ['redis://ada:sesame@[2001:db8::7]:7000', { ...single('2001:db8::7', 7000), ...ADA }],
    ['redis://:sesame@h', { ...single('h'), ...OPEN, password: 'sesame' }],
    [
      'redis://a%40b:p%3A%25%2F@h',
      { ...single('h'), tls: false, username: 'a@b', password: 'p:%/' },
    ],
    ['redis://:a/b?c#d@e,f@h', { ...single('h'), ...OPEN, password: 'a/b?c#d@e,f' }],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url, 'x')).toEqual(expected)
  })

  test.each([
    ['redis://a,redis://b:7001', ['a', 6379, 'b', 7001], OPEN],
    ['redis://ada:sesame@a,redis://b', ['a', 6379, 'b', 6379], ADA],
    ['rediss://[::1]:1,rediss://[::2]:2', ['::1', 1, '::2', 2], { ...OPEN, tls: true }],
    ['redis://h:7000/0?cluster=true', ['h', 7000], OPEN],
  ])('a Cluster: %s', (url, flat, access) => {
    const nodes = []
    for (let i = 0; i < flat.length; i += 2) nodes.push({ host: flat[i], port: flat[i + 1] })
    expect(parseRedisUrl(url, 'x')).toEqual({ kind: 'cluster', nodes, ...access })
  })

  test.each([
    ['redis+sentinel://a,b:7/mymaster', [26_379, 7], 0, OPEN],
    ['redis+sentinel://ada:sesame@a:1,b:2/mymaster?db=4', [1, 2], 4, ADA],
    ['rediss+sentinel://a:1,b:2/my%6daster', [1, 2], 0, { ...OPEN, tls: true }],
  ])('Sentinels: %s', (url, ports, database, access) => {
    const sentinels = ['a', 'b'].map((host, index) => ({ host, port: ports[index] }))
    expect(parseRedisUrl(url, 'x')).toEqual({
      ...{ kind: 'sentinel', name: 'mymaster', sentinels, database, ...access },
    })
  })
})

test.each([
  ['localhost:6379', 'must be redis://host:6379, rediss://'],
  ['http://sesame@h', 'must be redis://'],
  ['redis://a, redis://b', 'must not hold spaces'],
  ['redis://', 'must name host:port'],
  ['redis://h:65536', 'must name host:port'],
  ['redis://::1', 'IPv6 in brackets'],
  ['redis://h/one', 'the database must be a number'],
  ['redis://h/65536', 'the database must be a number'],
  ['redis://sesame@h', 'names a user and no password'],
  ['redis://:ses%ame@h', 'has a "%" that begins no escape; write it as %25'],
  ['redis://:sesame@h#x', 'must not have a fragment'],
  ['redis://h?password=sesame', 'has a parameter that is not known; known here: cluster'],
  ['redis://h?cluster=yes', 'cluster must be true or false'],
  ['redis://h?cluster=true&cluster=true', 'has a parameter twice'],
  ['redis://h/1?cluster=true', 'a Cluster has database 0 only'],
  ['redis://a,redis://b/1', 'a Cluster has database 0 only'],
  ['redis://a,b', 'name each node of a Cluster by a whole URL'],
  ['redis://a,redis://b,c', 'name each node of a Cluster by a whole URL'],
  ['redis://a,rediss://b', 'must have one scheme for all nodes'],
  ['redis://a,redis://b?cluster=true', 'has a parameter that is not known; leave it out'],
  ['redis://:sesame@a,redis://:other@b', 'the same user and password for all nodes'],
  ['redis+sentinel://a', 'must end with the name that the Sentinels watch'],
  ['redis+sentinel://a/b/c', 'must end with the name that the Sentinels watch'],
  ['redis+sentinel://a/b?db=x', 'the database must be a number'],
  ['redis+sentinel://a/b?name=c', 'known here: db'],
])('refused, naming the source and no password: %s', (url, expected) => {
  const parse = () => parseRedisUrl(url, 'LOCKGATE_REDIS_URL')
  expect(parse).toThrow(ConfigError)
  expect(parse).toThrow(expected)
  expect(parse).toThrow(/^LOCKGATE_REDIS_URL: (?!.*ses)/)
})
