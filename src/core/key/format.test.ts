import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../errors.ts'
import { BASE62, encodeUint32 } from './base62.ts'
import { createKeyFormat } from './format.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const format = createKeyFormat('sk')
const prefix = fc.stringMatching(/^[a-z][a-z0-9]{0,15}$/)
const mode = fc.constantFrom('live' as const, 'test' as const)
const text62 = (length: number) =>
  fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length })

/** A key of the given parts with a checksum that fits. */
const sealed = (body: string): string => body + encodeUint32(crc32(body))

describe('a key', () => {
  test('round trip: what is generated is parsed into the same parts, whatever the prefix', () => {
    fc.assert(
      fc.property(prefix, mode, (anyPrefix, anyMode) => {
        const own = createKeyFormat(anyPrefix)
        const { key, keyId, secret } = own.generate(anyMode)
        expect(key).toMatch(new RegExp(`^${own.pattern}$`))
        expect(key.slice(0, -6)).toBe(`${anyPrefix}_${anyMode}_${keyId}_${secret}`)
        expect(own.parse(key)).toEqual({ mode: anyMode, keyId })
        expect(own.secretOf(key)).toBe(secret)
      }),
      { numRuns: RUNS },
    )
  })

  test('injective: every pair of parts makes one key, and the key gives the parts back', () => {
    fc.assert(
      fc.property(mode, text62(8), text62(43), (anyMode, keyId, secret) => {
        const key = sealed(`sk_${anyMode}_${keyId}_${secret}`)
        expect(format.parse(key)).toEqual({ mode: anyMode, keyId })
        expect(format.secretOf(key)).toBe(secret)
      }),
      { numRuns: RUNS },
    )
  })

  test('the form holds still: this key goes on parsing', () => {
    const key = 'sk_live_7Hq2mZ9x_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg2IcSsL'
    expect(sealed(key.slice(0, -6))).toBe(key)
    expect(format.parse(key)).toEqual({ mode: 'live', keyId: '7Hq2mZ9x' })
  })

  test('the parsed parts hold no secret', () => {
    const { key, secret } = format.generate('live')
    expect(JSON.stringify(format.parse(key))).not.toContain(secret.slice(0, 8))
  })

  test('a thousand keys share neither key_id nor secret', () => {
    const made = Array.from({ length: 1000 }, () => format.generate('live'))
    expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(1000)
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(1000)
  })
})

describe('refused without a throw', () => {
  test('every change of a single character', () => {
    const others = [...BASE62, '_', '-', ' ', '\0', 'é', '\u{130}', '\uFF11']
    for (const anyMode of ['live', 'test'] as const) {
      const { key } = format.generate(anyMode)
      for (let at = 0; at < key.length; at++) {
        for (const other of others) {
          if (other === key[at]) continue
          expect(format.parse(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined()
        }
      }
    }
  })

  test('every key cut short, lengthened, shifted or wrapped', () => {
    const { key } = format.generate('live')
    for (let length = 0; length < key.length; length++) {
      expect(format.parse(key.slice(0, length))).toBeUndefined()
      expect(format.parse(key.slice(key.length - length))).toBeUndefined()
    }
    for (const more of [...BASE62, ' ', '\n', '\0', '=', '_']) {
      expect(format.parse(key + more)).toBeUndefined()
      expect(format.parse(more + key)).toBeUndefined()
      expect(format.parse(more + key.slice(0, -1))).toBeUndefined()
    }
  })

  test('keys of another prefix or mode, and in other case, though their checksums fit', () => {
    const tail = `7Hq2mZ9x_${'a'.repeat(43)}`
    for (const head of ['rk_live_', 'sk_prod_', 'SK_live_', 'sk_LIVE_', 'sk-live_', 'sklive__']) {
      expect(format.parse(sealed(head + tail))).toBeUndefined()
    }
    expect(format.parse(sealed(`sk_live_${tail}`))).toBeDefined()
  })

  test('characters outside base62, though their checksum fits', () => {
    const body = [...`sk_live_7Hq2mZ9x_${'a'.repeat(43)}`]
    for (let at = 8; at < body.length; at++) {
      for (const other of ['_', '-', '+', '/', '@', '[', '`', '{', ' ', '\0', '\x7f']) {
        if (body[at] === other) continue
        expect(format.parse(sealed(body.with(at, other).join('')))).toBeUndefined()
      }
    }
  })

  test('a checksum above 32 bits that is the right one plus 2^32', () => {
    const body = `sk_live_7Hq2mZ9x_${'a'.repeat(43)}`
    expect(format.parse(body + encodeUint32(crc32(body) + 2 ** 32))).toBeUndefined()
  })

  test('100,000 hostile texts', () => {
    const shape = '7Hq2mZ9x'
    const sql = [
      "' OR 1=1 --",
      "';DROP TABLE keys;--",
      '" UNION SELECT',
      '$(id)',
      '\r\nX: y',
      '%00',
    ]
    const any = fc.string({ unit: 'binary', maxLength: 80 })
    const hostile = fc.oneof(
      any,
      fc.string({ unit: 'binary-ascii', minLength: 66, maxLength: 66 }),
      any.map((text) => `sk_live_${text}`),
      text62(58).map((text) => `sk_live_${text}`),
      fc.tuple(text62(8), text62(49)).map(([id, rest]) => `sk_live_${id}_${rest}`),
      fc
        .tuple(fc.constantFrom(...sql), text62(70))
        .map(([attack, rest]) => `sk_test_${attack}${rest}`.slice(0, 66)),
      fc
        .tuple(fc.constantFrom(...sql), text62(49))
        .map(([attack, rest]) => `sk_live_${(attack + shape).slice(0, 8)}_${rest}`),
      fc.constantFrom('__proto__', 'constructor', 'a'.repeat(100_000), '\uD800'.repeat(66)),
    )
    let refused = 0
    fc.assert(
      fc.property(hostile, (text) => {
        if (format.parse(text) === undefined) refused += 1
      }),
      { numRuns: 100_000 },
    )
    expect(refused).toBe(100_000)
  })
})

describe('a prefix', () => {
  test.each(['sk', 'acme', 'a', 'x1', 'abcdefghijklmnop'])('%s is taken', (good) => {
    expect(createKeyFormat(good).generate('live').key).toMatch(new RegExp(`^${good}_live_`))
  })

  test.each([
    '',
    'Acme',
    '1a',
    'a_b',
    'a-b',
    'a b',
    'é',
    'a\n',
    'abcdefghijklmnopq',
    '(a+)+',
    '.*',
  ])('%j is refused with what is accepted', (bad) => {
    expect(() => createKeyFormat(bad)).toThrow(ConfigError)
    expect(() => createKeyFormat(bad)).toThrow('keys.prefix must be 1 to 16 characters')
  })
})
