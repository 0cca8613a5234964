import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addressFailuresSubject,
  addressSubject,
  keySubject,
  linkSubject,
  routeSubject,
} from './subject.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const keyIds = fc.stringMatching(/^[0-9A-Za-z]{8}$/)
const texts = fc.oneof(fc.string(), fc.constantFrom('', 'k', 'r', 'i', 'f', 'l', '::1', '10.0.0.1'))
/** What is counted, and the name that is made of it. */
const named = fc.oneof(
  keyIds.map((keyId) => [['key', keyId], keySubject(keyId)] as const),
  fc
    .tuple(keyIds, texts)
    .map(([keyId, route]) => [['route', keyId, route], routeSubject(keyId, route)] as const),
  texts.map((address) => [['address', address], addressSubject(address)] as const),
  texts.map((address) => [['failures', address], addressFailuresSubject(address)] as const),
  texts.map((linkId) => [['link', linkId], linkSubject(linkId)] as const),
)

test('two different things never share a counter', () => {
  fc.assert(
    fc.property(named, named, ([one, oneName], [other, otherName]) => {
      expect(oneName === otherName).toBe(JSON.stringify(one) === JSON.stringify(other))
    }),
    { numRuns: RUNS },
  )
})
