import { expect, test } from 'vitest'
import { isWithin } from './address-blocks.ts'

test.each([
  [['10.1.0.0/16'], ['10.0.0.0/8'], true],
  [['10.0.0.0/8'], ['10.1.0.0/16'], false],
  [['10.0.0.1'], ['10.0.0.1/32'], true],
  [['10.0.0.1', '192.0.2.1'], ['10.0.0.0/8'], false],
  [['2001:db8::1'], ['2001:db8::/32'], true],
  [['2001:db8::1'], ['10.0.0.0/8', '::/0'], true],
  [['10.0.0.1'], ['::/0'], false],
  [['10.0.0.1'], [], true],
  [[], ['10.0.0.1'], false],
  [[], [], true],
])('%j is within %j: %s', (inner, outer, expected) => {
  expect(isWithin(inner, outer)).toBe(expected)
})
