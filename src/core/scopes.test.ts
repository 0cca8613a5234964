import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LockgateError } from './errors.ts'
import { isScope, MAX_SCOPE_LENGTH, MAX_SCOPES, normaliseScopes } from './scopes.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const scope = fc
  .stringMatching(/^[a-z][a-z0-9_.-]{0,6}(:[a-z][a-z0-9_.-]{0,6}){0,3}$/)
  .filter((text) => text.length <= MAX_SCOPE_LENGTH)

describe('isScope', () => {
  test.each(['read', 'write', 'admin', 'self', 'chat:write', 'a', 'v1.models:list', 'x-y_z:a:b'])(
    'takes %s',
    (text) => expect(isScope(text)).toBe(true),
  )

  test.each([
    '',
    ' ',
    'Read',
    'read ',
    ' read',
    'read write',
    'read,write',
    '*',
    'chat:*',
    ':read',
    'read:',
    'a::b',
    '1a',
    'a:1',
    '-a',
    'é',
    'read\n',
    'read\u0000',
    '__proto__',
    'a"b',
    'a\\b',
    'a'.repeat(MAX_SCOPE_LENGTH + 1),
  ])('refuses %j', (text) => expect(isScope(text)).toBe(false))

  test('every scope can stand in a quoted header parameter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (isScope(text)) expect(text).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('normaliseScopes', () => {
  test('a new key gets only read unless asked', () => {
    expect(normaliseScopes(undefined)).toEqual(['read'])
  })

  test('the result is a frozen, sorted set of what was asked, and stays so', () => {
    fc.assert(
      fc.property(fc.array(scope, { minLength: 1, maxLength: 20 }), (asked) => {
        const before = [...asked]
        const scopes = normaliseScopes(asked)
        expect(asked).toEqual(before)
        expect(Object.isFrozen(scopes)).toBe(true)
        expect(scopes).toEqual([...new Set(asked)].sort())
        expect(normaliseScopes(scopes)).toEqual(scopes)
        expect(normaliseScopes([...asked].reverse())).toEqual(scopes)
      }),
      { numRuns: RUNS },
    )
  })

  test('admin implies neither read nor write', () => {
    expect(normaliseScopes(['admin'])).toEqual(['admin'])
  })

  test.each([
    [[], 'at least one scope'],
    [['read', 'Chat'], '"Chat" is not a scope'],
    [['read\r\nX: y'], 'is not a scope'],
    [Array.from({ length: MAX_SCOPES + 1 }, (_, i) => `s${i}`), 'at most 64 scopes'],
  ])('refuses %j by name', (asked, message) => {
    const normalise = () => normaliseScopes(asked)
    expect(normalise).toThrow(LockgateError)
    expect(normalise).toThrow(message)
  })
})
