import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LockgateError } from '../core/errors.ts'
import { DEFAULT_TIERS } from '../core/tier.ts'
import type { IssueKeyInput } from './gate.ts'
import { checkKeyInput } from './key-input.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const NOW_MS = 1_750_000_000_000
const TIERS = new Map(DEFAULT_TIERS.map((tier) => [tier.name, tier]))
const OWNER = 'ada@example.com'

const check = (input: Partial<IssueKeyInput>) =>
  checkKeyInput({ owner: OWNER, ...input }, TIERS, NOW_MS)

test('what is left out is a free key that may read, for ever, from anywhere', () => {
  expect(check({})).toEqual({
    ...{ owner: { email: OWNER, externalId: null }, name: null, tier: 'free', scopes: ['read'] },
    ...{ mode: 'live', expiresAtMs: null, limitOverrides: [], allowedAddresses: [] },
  })
})

describe('an owner', () => {
  test.each([
    ['  ada@example.com ', OWNER],
    ['a.b+c@sub.example.com', 'a.b+c@sub.example.com'],
  ])('%j is %s', (owner, email) => {
    expect(check({ owner }).owner.email).toBe(email)
  })

  test.each([
    '',
    '@',
    'ada@',
    '@example.com',
    'ada@a@b',
    'ada',
    'ada @example.com',
    'ada@example.com>',
    '"ada"@example.com',
    'ada@exämple.com',
    'ada＠example.com',
    'ada@example.com\u0000',
    'ada@example.com\nBcc: eve@example.com',
    `${'a'.repeat(243)}@example.com`,
  ])('%j is refused', (owner) => {
    expect(() => check({ owner })).toThrow('e-mail')
  })

  test('of 254 characters is the longest', () => {
    const longest = `${'a'.repeat(242)}@example.com`
    expect(check({ owner: longest }).owner.email).toHaveLength(254)
  })
})

describe.each(['name', 'ownerExternalId'] as const)('%s', (member) => {
  test('may be 200 printable characters of any script', () => {
    expect(() => check({ [member]: 'é'.repeat(200) })).not.toThrow()
    expect(() => check({ [member]: 'é'.repeat(201) })).toThrow('200')
  })

  test.each(['\n', '\r', '\t', '\0', '\u001b[31m', '\u007f', '\u0085'])(
    'may not hold %j',
    (text) => {
      expect(() => check({ [member]: `a${text}b` })).toThrow('control')
    },
  )
})

describe('an allowed address', () => {
  test.each(['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '::1', '2001:db8::/32', '::/128'])(
    '%s is taken',
    (block) => {
      expect(check({ allowedAddresses: [block] }).allowedAddresses).toEqual([block])
    },
  )

  test.each([
    '',
    '203.0.113',
    '203.0.113.0/',
    '203.0.113.0/33',
    '203.0.113.0/-1',
    '203.0.113.0/1e1',
    '203.0.113.0/24/24',
    '2001:db8::/129',
    'fe80::1%eth0',
    'example.com',
  ])('%j is refused by name', (block) => {
    expect(() => check({ allowedAddresses: [block] })).toThrow(JSON.stringify(block))
  })
})

test.each([NOW_MS, NOW_MS - 1, NOW_MS + 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])(
  'an expiry of %d is refused',
  (expiresAtMs) => {
    expect(() => check({ expiresAtMs })).toThrow('future')
  },
)

test('lists are copied and frozen', () => {
  const limitOverrides = [
    { name: 'minute', quota: 5, windowMs: 60_000, algorithm: 'sliding-window' } as const,
  ]
  const allowedAddresses = ['::1']
  const chosen = check({ limitOverrides, allowedAddresses })
  limitOverrides.length = 0
  allowedAddresses.length = 0
  expect([chosen.limitOverrides.length, chosen.allowedAddresses.length]).toEqual([1, 1])
  expect([chosen.limitOverrides, chosen.allowedAddresses].every(Object.isFrozen)).toBe(true)
})

test('whatever text comes in, it is taken or refused as invalid_field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      try {
        check({ owner: one, name: other, allowedAddresses: [one], tier: other })
      } catch (error) {
        if (!(error instanceof LockgateError) || error.code !== 'invalid_field') throw error
      }
    }),
    { numRuns: RUNS },
  )
})

describe('from JavaScript, what the types forbid', () => {
  test.each([
    [{ owner: undefined }, 'e-mail'],
    [{ owner: 5 }, 'e-mail'],
    [{ scopes: 'read' }, 'list'],
    [{ scopes: [1] }, 'list'],
    [{ name: 5 }, 'text'],
    [{ mode: 'prod' }, 'mode'],
    [{ tier: '__proto__' }, 'no tier'],
    [{ expiresAtMs: new Date(NOW_MS * 2) }, 'future'],
    [{ expiresAtMs: 8.7e15 }, 'future'],
    [{ allowedAddresses: '203.0.113.7' }, 'list'],
    [{ limitOverrides: {} }, 'list'],
    [{ limitOverrides: [null] }, 'limitOverrides[0]'],
  ])('%j is refused', (input, named) => {
    const attempt = () => check(input as unknown as Partial<IssueKeyInput>)
    expect(attempt).toThrow(LockgateError)
    expect(attempt).toThrow(named)
  })

  test('a misspelt member is refused by name', () => {
    const misspelt = { expiresAt: NOW_MS + 1 } as Partial<IssueKeyInput>
    expect(() => check(misspelt)).toThrow('"expiresAt"')
  })
})

describe("a key's own limit", () => {
  const limit = {
    ...{ name: 'minute', quota: 5, windowMs: 60_000, algorithm: 'sliding-window' as const },
    burst: { extraQuota: 1, durationMs: 10_000 },
  }

  test('is kept as it is', () => {
    expect(check({ limitOverrides: [limit] }).limitOverrides).toEqual([limit])
  })

  test.each([
    [{ quota: 0 }, 'limitOverrides[0].quota'],
    [{ windowMs: 0 }, 'limitOverrides[0].windowMs'],
    [{ windowMs: undefined }, 'limitOverrides[0].windowMs'],
    [{ name: '' }, 'limitOverrides[0].name'],
    [{ algorithm: 'token-bucket' }, 'burst'],
    [{ burst: { extraQuota: 1.5, durationMs: 1 } }, 'burst'],
    [{ burst: { extraQuota: 1, durationMs: 60_001 } }, 'burst'],
    [{ quotas: 1 }, '"quotas"'],
  ])('with %j is refused', (wrong, named) => {
    const limitOverrides = [{ ...limit, ...wrong }] as IssueKeyInput['limitOverrides']
    expect(() => check({ ...(limitOverrides && { limitOverrides }) })).toThrow(named)
  })
})
