import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isValidHost } from './host.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

test.each([
  'a',
  'api.example',
  'API.example:443',
  '127.0.0.1:8787',
  '[::1]',
  '[::1]:80',
  'a_b-c',
  'a:',
])('accepts %s', (host) => {
  expect(isValidHost(host)).toBe(true)
})

test.each([
  '',
  ':',
  ':80',
  'a:b',
  'a:65536',
  'a:1:2',
  '::1',
  '[',
  '[]',
  '[::1',
  '[::1]x',
  '[g]',
  'a b',
  'a/b',
  'a@b',
  'a%',
  'a,b',
  'é',
  'a'.repeat(262),
])('refuses %j', (host) => {
  expect(isValidHost(host)).toBe(false)
})

test('accepts only what a URL reads as that very host', () => {
  const character = fc.constantFrom(...'ab01.-_:[]@/\\?#% ,\t\0é')
  fc.assert(
    fc.property(fc.string({ unit: character }), (host) => {
      if (!isValidHost(host)) return
      expect(host).not.toMatch(/[\s@/\\?#%,]/)
      if (URL.canParse(`http://${host}/x`)) expect(new URL(`http://${host}/x`).pathname).toBe('/x')
    }),
    { numRuns: RUNS },
  )
})
