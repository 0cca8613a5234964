import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDollars } from './dollars.ts'

test.each([
  ['$5', 5_000_000],
  ['$0.004', 4_000],
  ['20', 20_000_000],
  ['$0.000001', 1],
  [0.000001, 1],
  [0.0066, 6_600],
  [0.1 + 0.2, 300_000],
  [1e-6, 1],
  [0, 0],
  ['$0', 0],
  [1_000_000_000, 1e15],
  ['$1000000000', 1e15],
])('%s is %s micro-dollars', (input, expected) => {
  expect(readDollars(input)).toBe(expected)
})

test.each([
  ...['', '$', '-1', '$-1', '1e3', '.5', '5.', '$1,000', '1,5', ' 5', '$0.0000001', 'free'],
  ...['1000000000.000001', -1, 0.0000001, 1.0000001, 1e10, Number.NaN, Infinity, null, {}, []],
  undefined,
])('%s is no amount', (input) => {
  expect(readDollars(input)).toBeUndefined()
})

test('a number and its text are the same amount, whatever it is', () => {
  const amounts = fc.integer({ min: 0, max: 1_000_000_000_000 })
  fc.assert(
    fc.property(amounts, (microUsd) => {
      const text = (microUsd / 1_000_000).toFixed(6)
      expect(readDollars(`$${text}`)).toBe(microUsd)
      expect(readDollars(Number(text))).toBe(microUsd)
    }),
  )
})
