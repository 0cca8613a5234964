import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createDigestMatcher,
  equalDigests,
  randomBytesOf,
  randomId,
  sha256,
  sha256Hex,
} from './crypto.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

describe('digests', () => {
  test('SHA-256 of "abc" (FIPS 180-4)', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(sha256Hex('abc')).toBe(expected)
    expect(sha256('abc').toString('hex')).toBe(expected)
  })

  test('a matcher accepts the digest of the same text and of no other', () => {
    const matches = createDigestMatcher()
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const digest = createHash('sha256').update(a).digest()
        expect(matches(a, digest)).toBe(true)
        expect(matches(b, digest)).toBe(Buffer.from(a).equals(Buffer.from(b)))
      }),
      { numRuns: RUNS },
    )
  })

  test('every flipped bit and every other length is a difference', () => {
    const digest = sha256('abc')
    expect(equalDigests(digest, Buffer.from(digest))).toBe(true)
    for (let bit = 0; bit < 256; bit++) {
      const flipped = Buffer.from(digest)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(equalDigests(digest, flipped)).toBe(false)
    }
    expect(equalDigests(digest, digest.subarray(1))).toBe(false)
    expect(equalDigests(digest, Buffer.alloc(0))).toBe(false)
  })
})

describe('random values', () => {
  test('have the asked length', () => {
    for (const length of [0, 1, 8, 43, 1000]) {
      expect(randomBytesOf(length)).toHaveLength(length)
      expect(randomId(length)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`))
    }
  })

  test('favour none of the 62 characters', () => {
    const drawn = 620_000
    const counts = new Map<string, number>()
    for (const character of randomId(drawn)) {
      counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    let chiSquare = 0
    for (const count of counts.values()) chiSquare += (count - drawn / 62) ** 2 / (drawn / 62)
    expect(counts.size).toBe(62)
    // 61 degrees of freedom: 140 is passed by chance once in ten million runs. A byte taken modulo
    // 62 gives eight of the characters a quarter more and 4,500 here.
    expect(chiSquare).toBeLessThan(140)
  })
})
