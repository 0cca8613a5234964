import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { createClientAddress } from './client-address.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const PROXIES = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']

const finder = (trustedProxies: readonly string[] = PROXIES, ipv6PrefixBits = 64) =>
  createClientAddress({ trustedProxies, ipv6PrefixBits })

const forwardedFor = (...lines: readonly string[]) =>
  lines.flatMap((line) => ['X-Forwarded-For', line])

describe('without a trusted proxy', () => {
  test('X-Forwarded-For is not read', () => {
    const found = finder([])('203.0.113.9', forwardedFor('198.51.100.1'))
    expect(found).toMatchObject({ address: '203.0.113.9', group: '203.0.113.9' })
  })

  test('a connection without an address has none', () => {
    expect(finder()(undefined, forwardedFor('198.51.100.1'))).toBeUndefined()
  })

  test('a proxy that is not on the list is a client', () => {
    expect(finder()('11.0.0.1', forwardedFor('198.51.100.1'))?.address).toBe('11.0.0.1')
  })
})

describe('behind trusted proxies', () => {
  test.each([
    ['one hop', ['198.51.100.1'], '198.51.100.1'],
    ['the leftmost is what the client wrote', ['1.1.1.1, 198.51.100.1'], '198.51.100.1'],
    ['trusted hops are passed', ['1.1.1.1, 198.51.100.1, 10.9.9.9, 192.0.2.7'], '198.51.100.1'],
    ['several lines are one list', ['1.1.1.1', '198.51.100.1', '10.9.9.9'], '198.51.100.1'],
    ['all trusted: the first', ['10.1.1.1, 10.2.2.2'], '10.1.1.1'],
    ['a port', ['198.51.100.1:5678'], '198.51.100.1'],
    ['IPv6 with a port', ['[2001:db8::1]:80'], '2001:db8::1'],
    ['IPv6 in brackets', ['[2001:db8::1]'], '2001:db8::1'],
    ['IPv6 bare', ['2001:DB8:0::1'], '2001:db8::1'],
    ['mapped IPv4', ['::ffff:198.51.100.1'], '198.51.100.1'],
    ['a mapped trusted hop', ['198.51.100.1, ::ffff:10.0.0.3'], '198.51.100.1'],
    ['a trusted IPv6 hop', ['198.51.100.1, fd00::3'], '198.51.100.1'],
    ['garbage stops at the last hop', ['198.51.100.1, unknown, 10.9.9.9'], '10.9.9.9'],
    ['garbage alone leaves the proxy', ['unknown'], '10.0.0.1'],
    ['an empty list leaves the proxy', [''], '10.0.0.1'],
    ['octal is garbage', ['010.0.0.1'], '10.0.0.1'],
    ['a short form is garbage', ['127.1'], '10.0.0.1'],
    ['a number is garbage', ['3232235777'], '10.0.0.1'],
    ['an endless text is garbage', ['1'.repeat(10_000)], '10.0.0.1'],
    ['an endless zone is garbage', [`fe80::1%${'z'.repeat(100)}`], '10.0.0.1'],
  ])('%s', (_, lines, expected) => {
    expect(finder()('10.0.0.1', forwardedFor(...lines))?.address).toBe(expected)
    expect(finder()('::ffff:10.0.0.1', forwardedFor(...lines))?.address).toBe(expected)
  })

  test('200 forged chains: nothing left of the nearest untrusted address is believed', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const trusted = fc.tuple(octet, octet, octet).map((rest) => `10.${rest.join('.')}`)
    const forged = fc.oneof(
      trusted,
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('', 'unknown', '::1', ','),
    )
    const find = finder()
    fc.assert(
      fc.property(
        fc.array(forged, { maxLength: 8 }),
        fc.tuple(octet, octet).map(([a, b]) => `203.0.${a}.${b}`),
        fc.array(trusted, { maxLength: 4 }),
        fc.boolean(),
        (before, client, after, ownLine) => {
          const chain = [client, ...after].join(', ')
          const lines = ownLine ? [before.join(','), chain] : [[...before, chain].join(', ')]
          const found = find('10.0.0.1', ['Host', 'x', ...forwardedFor(...lines)])
          expect(found?.address).toBe(client)
        },
      ),
      { numRuns: Math.max(200, RUNS) },
    )
  })
})

describe('the group that limits count', () => {
  test('65,000 addresses of one /64 are one group', () => {
    const find = finder([])
    const groups = new Set<string | undefined>()
    for (let host = 0; host < 65_000; host++) {
      groups.add(find(`2001:db8:1:2:${host.toString(16)}::1`, [])?.group)
    }
    expect([...groups]).toEqual(['2001:db8:1:2::/64'])
  })

  test('the next /64 is another group', () => {
    expect(finder([])('2001:db8:1:3::1', [])?.group).toBe('2001:db8:1:3::/64')
  })

  test.each([
    [48, '2001:db8:1::/48'],
    [56, '2001:db8:1:200::/56'],
    [128, '2001:db8:1:2ff::1/128'],
  ])('the prefix can be /%i', (bits, group) => {
    expect(finder([], bits)('2001:db8:1:2ff::1', [])?.group).toBe(group)
  })

  test('IPv4 carried in IPv6 keeps a group for each client', () => {
    const find = finder([])
    for (const form of ['::ffff:203.0.113.9', '::ffff:cb00:7109', '64:ff9b::203.0.113.9']) {
      expect(find(form, [])).toMatchObject({ address: '203.0.113.9', group: '203.0.113.9' })
    }
    expect(find('::ffff:203.0.113.10', [])?.group).toBe('203.0.113.10')
  })

  test('a zone is not part of the address', () => {
    const found = finder([])('fe80::1%eth0', [])
    expect(found).toMatchObject({ address: 'fe80::1', group: 'fe80::/64' })
  })
})

describe('what is remembered', () => {
  test('an address is read once', () => {
    const find = finder([])
    expect(find('203.0.113.9', [])).toBe(find('203.0.113.9', []))
  })

  test('is bounded, and forgetting changes no answer', () => {
    const find = finder()
    const before = find('10.0.0.1', forwardedFor('198.51.100.1'))
    for (let n = 0; n < 25_000; n++) find('10.0.0.1', forwardedFor(`1.${n >> 8}.${n & 255}.1`))
    const after = find('10.0.0.1', forwardedFor('198.51.100.1'))
    expect(after).not.toBe(before)
    expect(after).toEqual(before)
  })
})

describe('the list of trusted proxies', () => {
  test.each(['loopback', '10.0.0.0/33', '', '10.0.0', 'fd00::/129'])('refuses %j', (proxy) => {
    expect(() => finder(['10.0.0.1', proxy])).toThrow(ConfigError)
    expect(() => finder(['10.0.0.1', proxy])).toThrow('ip.trustedProxies[1]')
  })

  test('a mapped block is the IPv4 block', () => {
    const find = finder(['::ffff:10.0.0.0/104'])
    expect(find('10.1.2.3', forwardedFor('198.51.100.1'))?.address).toBe('198.51.100.1')
  })
})

test('every remote address and header gives an answer', () => {
  const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.1', '[', '%'))
  const find = finder()
  fc.assert(
    fc.property(text, fc.array(text), (remote, entries) => {
      expect(find(remote, forwardedFor(entries.join(',')))).toHaveProperty('group')
    }),
    { numRuns: RUNS },
  )
})
