import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CRC32_START, createCrc32, finishCrc32 } from './crc32.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const ascii = fc.string({ unit: 'binary-ascii', maxLength: 200 })
const crc32 = createCrc32()

test('the check value of the standard', () => {
  expect(finishCrc32(crc32('123456789', 0, 9, CRC32_START))).toBe(0xcbf43926)
})

test('agrees with zlib on every ASCII text', () => {
  fc.assert(
    fc.property(ascii, (text) => {
      expect(finishCrc32(crc32(text, 0, text.length, CRC32_START))).toBe(zlibCrc32(text))
    }),
    { numRuns: RUNS },
  )
})

test('may be computed in pieces', () => {
  fc.assert(
    fc.property(ascii, fc.nat(200), (text, cut) => {
      const middle = Math.min(cut, text.length)
      const head = crc32(text, 0, middle, CRC32_START)
      const whole = crc32(text, 0, text.length, CRC32_START)
      expect(crc32(text, middle, text.length, head)).toBe(whole)
    }),
    { numRuns: RUNS },
  )
})
