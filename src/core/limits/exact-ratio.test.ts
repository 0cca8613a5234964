import fc from 'fast-check'
import { expect, test } from 'vitest'
import { multiplyDivideDown, multiplyDivideUp, multiplyModulo } from './exact-ratio.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const factors = fc.oneof(fc.nat(100), fc.integer({ min: 0, max: 64e9 }))
const divisors = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 64e9 }))

test('ratios are exact, also where the product leaves the safe integers', () => {
  fc.assert(
    fc.property(factors, factors, factors, divisors, (a, b, plus, divisor) => {
      const product = BigInt(a) * BigInt(b)
      const by = BigInt(divisor)
      expect(multiplyModulo(a, b, divisor)).toBe(Number(product % by))
      expect(multiplyDivideDown(a, b, divisor)).toBe(Number(product / by))
      expect(multiplyDivideUp(a, b, plus, divisor)).toBe(
        Number((product + BigInt(plus) + by - 1n) / by),
      )
    }),
    { numRuns: RUNS },
  )
})
