import { isIP } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { expect, test } from 'vitest'
import { networkOf } from './network.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

test.each([
  ['203.0.113.7', '203.0.113.0/24'],
  ['0.0.0.0', '0.0.0.0/24'],
  ['2001:db8:7:1::9', '2001:db8:7::/48'],
  ['2001:db8::/64', '2001:db8::/48'],
  ['2001:DB8:0:1::1', '2001:db8::/48'],
  ['2001::', '2001::/48'],
  ['0:0:1::', '0:0:1::/48'],
  ['::1', '::/48'],
  ['fe80::1%eth0', 'fe80::/48'],
  ['::ffff:203.0.113.7', '203.0.113.0/24'],
  ['::FFFF:cb00:7107', '203.0.113.0/24'],
  ['1:2:3:4:5:6:203.0.113.7', '1:2:3::/48'],
])('%s is in %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test.each([
  '',
  'unknown',
  '203.0.113',
  '203.0.113.256',
  '203.0.113.07',
  '1:2:3',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  ':::',
  '1.2.3.4::',
  ':1:2:3:4:5:6:7:8',
  '::'.padEnd(5000, '1'),
])('%j is in no network', (text) => {
  expect(networkOf(text)).toBeNull()
})

test('whoever writes an IPv6 address, and however, it is in the network of its first 48 bits', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, (parts) => {
      fc.pre(parts[0] !== 0)
      const address = new ipaddr.IPv6(parts)
      const network = ipaddr.IPv6.networkAddressFromCIDR(`${address}/48`)
      expect(networkOf(address.toString())).toBe(`${network}/48`)
      expect(networkOf(address.toNormalizedString())).toBe(`${network}/48`)
    }),
    { numRuns: RUNS },
  )
})

test('any text is in a network only if it is an address, and a network is in itself', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom('1', 'f', ':', '.', '::') }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const network = networkOf(text)
      const bare = text.split('/')[0]?.split('%')[0] ?? ''
      expect(network !== null).toBe(isIP(bare) !== 0)
      if (network !== null) expect(networkOf(network)).toBe(network)
    }),
    { numRuns: RUNS },
  )
})
