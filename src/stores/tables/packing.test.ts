import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packNumbers, packTimes, unpackNumbers, unpackTimes } from './packing.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

test('ascending times come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (times) => {
      const ascending = times.toSorted((a, b) => a - b)
      expect(unpackTimes(packTimes(ascending))).toEqual(ascending)
    }),
    { numRuns: RUNS },
  )
})

test('numbers come back to the bit', () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      expect(unpackNumbers(packNumbers(numbers))).toEqual(numbers)
    }),
    { numRuns: RUNS },
  )
})

test('the documented bytes', () => {
  expect([...packTimes([300, 300, 427, 555])]).toEqual([0xac, 0x02, 0x00, 0x7f, 0x80, 0x01])
  expect([...packNumbers([1])]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
})

test('times that are not whole, ascending ms are refused', () => {
  for (const times of [[2, 1], [1.5], [-1], [Number.NaN], [Number.POSITIVE_INFINITY]]) {
    expect(() => packTimes(times)).toThrow(RangeError)
  }
})
