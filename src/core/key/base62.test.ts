import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BASE62, digitOf, encodeSecret, encodeUint32, isBase62 } from './base62.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

/** A naive reading, to encode against. */
const decode = (text: string): bigint =>
  [...text].reduce((value, character) => value * 62n + BigInt(BASE62.indexOf(character)), 0n)

test('the alphabet has 62 different characters in ASCII order', () => {
  expect(new Set(BASE62).size).toBe(62)
  expect([...BASE62].sort().join('')).toBe(BASE62)
})

test('digitOf knows these 62 of all 65,536 code units and no other', () => {
  for (let code = 0; code < 65_536; code++) {
    const digit = BASE62.indexOf(String.fromCharCode(code))
    expect(digitOf(code)).toBe(digit)
    expect(isBase62(code)).toBe(digit !== -1)
  }
})

test('32 bytes become 43 characters, and each text stands for one value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = encodeSecret(bytes)
      expect(text).toMatch(/^[0-9A-Za-z]{43}$/)
      expect(decode(text)).toBe(BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
    }),
    { numRuns: RUNS },
  )
})

test('the smallest and the largest secret keep their width', () => {
  expect(encodeSecret(new Uint8Array(32))).toBe('0'.repeat(43))
  expect(decode(encodeSecret(new Uint8Array(32).fill(255)))).toBe(2n ** 256n - 1n)
})

test.each([0, 31, 33])('%i bytes are refused', (length) => {
  expect(() => encodeSecret(new Uint8Array(length))).toThrow(RangeError)
})

test('a 32-bit integer becomes 6 characters, and each text stands for one value', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
      const text = encodeUint32(value)
      expect(text).toMatch(/^[0-9A-Za-z]{6}$/)
      expect(decode(text)).toBe(BigInt(value))
    }),
    { numRuns: RUNS, examples: [[0], [61], [62], [0x7fffffff], [0x80000000], [0xffffffff]] },
  )
})
