import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BASE62 } from '../core/key/base62.ts'
import { readCredential } from './credential.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const KEY = `sk_live_7Hq2mZ9x_${'a1B2c3D4e5'.repeat(5).slice(0, 49)}`
const OTHER = KEY.replace('7Hq2mZ9x', '7Hq2mZ9y')

/** The key that was read, `none`, or the fault's code. */
function read(headers: readonly string[], target = '/v1/chat'): string {
  const credential = readCredential(target, headers)
  if (credential.kind === 'key') return credential.key
  return credential.kind === 'none' ? 'none' : credential.code
}

describe('a credential that is read', () => {
  test.each([
    ['Bearer', ['Host', 'x', 'Authorization', `Bearer ${KEY}`]],
    ['the scheme in any case', ['authorization', `bEARER ${KEY}`]],
    ['several spaces after the scheme', ['Authorization', `Bearer   ${KEY}`]],
    ['X-API-Key', ['X-API-Key', KEY]],
    ['X-API-Key in any case', ['x-Api-kEY', KEY]],
    ['both with the same key', ['Authorization', `Bearer ${KEY}`, 'X-API-Key', KEY]],
    ['Basic beside X-API-Key', ['Authorization', 'Basic dTpw', 'X-API-Key', KEY]],
    ['Bearer beside an empty X-API-Key', ['Authorization', `Bearer ${KEY}`, 'X-API-Key', '']],
  ])('%s', (_, headers) => {
    expect(read(headers)).toBe(KEY)
  })

  test.each([
    ['no header', []],
    ['another scheme', ['Authorization', 'Basic dTpw']],
    ['a scheme that begins like Bearer', ['Authorization', `Bearerx ${KEY}`]],
    ['an empty Authorization', ['Authorization', '']],
    ['an empty X-API-Key', ['X-API-Key', '']],
    ['a header of a similar name', ['X-API-Keys', KEY, 'Authorizatiom', `Bearer ${KEY}`]],
  ])('none: %s', (_, headers) => {
    expect(read(headers)).toBe('none')
  })
})

describe('a credential that is refused', () => {
  test.each([
    ['Bearer with nothing', 'malformed_authorization', ['Authorization', 'Bearer']],
    ['Bearer and a space', 'malformed_authorization', ['Authorization', 'Bearer ']],
    ['two words', 'malformed_authorization', ['Authorization', `Bearer ${KEY} ${KEY}`]],
    ['a tab', 'malformed_authorization', ['Authorization', `Bearer\t${KEY}`]],
    [
      'Bearer with nothing beside X-API-Key',
      'malformed_authorization',
      ['Authorization', 'Bearer', 'X-API-Key', KEY],
    ],
    [
      'two Authorization lines, though equal',
      'duplicate_credential',
      ['Authorization', `Bearer ${KEY}`, 'authorization', `Bearer ${KEY}`],
    ],
    [
      'a second Authorization of another scheme',
      'duplicate_credential',
      ['Authorization', 'Basic dTpw', 'Authorization', `Bearer ${KEY}`],
    ],
    ['two X-API-Key lines', 'duplicate_credential', ['X-API-Key', KEY, 'X-Api-Key', KEY]],
    [
      'two that differ',
      'multiple_credentials',
      ['Authorization', `Bearer ${KEY}`, 'X-API-Key', OTHER],
    ],
  ])('%s', (_, code, headers) => {
    expect(read(headers)).toBe(code)
  })
})

describe('a key in the URL', () => {
  const encoded = [...KEY].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
  test.each([
    ['in any parameter', `/v1?q=1&x=${KEY}`],
    ['as a name', `/v1?${KEY}`],
    ['of another prefix', `/v1?k=${KEY.replace('sk_', 'acme_')}`],
    ['of test mode', `/v1?k=${KEY.replace('_live_', '_test_')}`],
    ['with encoded underscores', `/v1?k=${KEY.replaceAll('_', '%5F')}`],
    ['encoded throughout', `/v1?k=${encoded}`],
    ['encoded twice', `/v1?k=${KEY.replaceAll('_', '%255f')}`],
    ['with Bearer before it', `/v1?authorization=Bearer%20${KEY}`],
    ['cut, in a parameter for keys', `/v1?api_key=${KEY.slice(0, 40)}`],
    [
      'damaged, in a parameter for keys',
      `/v1?access_token=${KEY.replace('_live_', '_live_-_live_')}`,
    ],
    ['after a second question mark', `/v1??api_key=${KEY}`],
  ])('%s is refused, whatever the headers say', (_, target) => {
    expect(read([], target)).toBe('key_in_url')
    expect(read(['Authorization', `Bearer ${KEY}`], target)).toBe('key_in_url')
    expect(read(['X-API-Key', KEY, 'X-API-Key', KEY], target)).toBe('key_in_url')
  })

  test.each([
    '/v1?q=1&page=2',
    '/v1?key=value&api_key=abc',
    '/v1?q=is_live_now_or_not',
    '/v1?q=a_test_abcdefgh_short',
    '/v1?mode=_live_',
    '/v1?q=%zz%5',
    '/v1?',
  ])('%s holds none', (target) => {
    expect(read(['X-API-Key', KEY], target)).toBe(KEY)
  })

  test('any key is found in any parameter, wherever percent-encoding hides it', () => {
    const base62 = (length: number) =>
      fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length })
    const key = fc
      .tuple(
        fc.constantFrom('sk', 'acme', 'x1'),
        fc.constantFrom('live', 'test'),
        base62(8),
        base62(49),
      )
      .map((parts) => `${parts[0]}_${parts[1]}_${parts[2]}_${parts[3]}`)
    const hidden = fc
      .tuple(key, fc.array(fc.boolean(), { minLength: 66, maxLength: 75 }))
      .map(([text, encode]) =>
        [...text].map((c, i) => (encode[i] ? `%${c.charCodeAt(0).toString(16)}` : c)).join(''),
      )
    fc.assert(
      fc.property(hidden, fc.webQueryParameters(), fc.webQueryParameters(), (text, a, b) => {
        expect(read([], `/?${a}&x=${text}&${b}`)).toBe('key_in_url')
      }),
      { numRuns: RUNS },
    )
  })
})

test('every header list and target gives an answer', () => {
  const name = fc.oneof(fc.constantFrom('Authorization', 'X-API-Key', 'x-api-key'), fc.string())
  const value = fc.oneof(fc.constantFrom('Bearer', 'Bearer x', KEY, ''), fc.string())
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.string(), (headers, target) => {
      expect(readCredential(target, headers.flat()).kind).toMatch(/^(key|none|fault)$/)
    }),
    { numRuns: RUNS },
  )
})
