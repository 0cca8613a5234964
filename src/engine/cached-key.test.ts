import { expect, test } from 'vitest'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Limit } from '../core/limits/limit.ts'
import type { Tier } from '../core/tier.ts'
import { unfoldKey } from './cached-key.ts'

const limit = (name: string, quota: number): Limit => ({
  ...{ name, quota, windowMs: 60_000, algorithm: 'sliding-window' },
})
const TIER: Tier = { name: 'free', limits: [limit('minute', 60), limit('day', 1000)] }

const recordOf = (more: Partial<KeyRecord> = {}): KeyRecord => ({
  ...{ keyId: '7Hq2mZ9x', secretHash: '', owner: { email: 'a@b.c', externalId: null } },
  ...{ name: null, tier: 'free', scopes: ['read'], mode: 'live', status: 'active', version: 1 },
  ...{ createdAtMs: 0, expiresAtMs: null, revokedAtMs: null, rotatedFrom: null },
  ...{ limitOverrides: [], allowedAddresses: [], ...more },
})

test('a key without limits of its own shares the list of its tier', () => {
  expect(unfoldKey(recordOf(), TIER).charge.limits).toBe(TIER.limits)
})

test("a key's own limit replaces the tier's of its name, and others come on top", () => {
  const limitOverrides = [limit('minute', 5), limit('hour', 100)]
  const { charge } = unfoldKey(recordOf({ limitOverrides }), TIER)
  expect(charge.limits.map(({ name, quota }) => [name, quota])).toEqual([
    ['minute', 5],
    ['day', 1000],
    ['hour', 100],
  ])
})

test.each([
  [['203.0.113.7'], '203.0.113.7', 'ipv4', true],
  [['203.0.113.7'], '203.0.113.8', 'ipv4', false],
  [['203.0.113.0/24', '10.0.0.1'], '10.0.0.1', 'ipv4', true],
  [['203.0.113.0/24'], '203.0.114.1', 'ipv4', false],
  [['2001:db8::1'], '2001:db8::1', 'ipv6', true],
  [['2001:db8::/32'], '2001:db9::1', 'ipv6', false],
] as const)('%j for %s', (allowedAddresses, address, family, allowed) => {
  const { allowedAddresses: list } = unfoldKey(recordOf({ allowedAddresses }), TIER)
  expect(list?.check(address, family)).toBe(allowed)
})
