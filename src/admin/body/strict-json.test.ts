import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LockgateError } from '../../core/errors.ts'
import { readStrictJson, shownName } from './strict-json.ts'

const read = (text: string): unknown => readStrictJson(Buffer.from(text))

function codeOf(input: string | Uint8Array): string {
  try {
    readStrictJson(typeof input === 'string' ? Buffer.from(input) : input)
  } catch (error) {
    if (error instanceof LockgateError) return error.code
    throw error
  }
  return 'ok'
}

test('whatever JSON.stringify writes is read as it was', () => {
  const value = fc
    .jsonValue({ maxDepth: 6 })
    .filter((any) => !JSON.stringify(any).includes('__proto__'))
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (any, indent) => {
      expect(read(JSON.stringify(any, null, indent))).toEqual(JSON.parse(JSON.stringify(any)))
    }),
  )
})

test('whatever the text, it reads as JSON.parse does, or refuses with a code', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    'null',
    ' ',
    'é',
  )
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: piece })), (text) => {
      const code = codeOf(text)
      if (code === 'ok') expect(read(text)).toEqual(JSON.parse(text))
      else expect(['invalid_json', 'unknown_field']).toContain(code)
    }),
  )
})

describe('invalid_json', () => {
  test.each([
    '',
    ' ',
    '{',
    'NaN',
    '{a:1}',
    "{'a':1}",
    '[1,]',
    '{"a":01}',
    '1 2',
    'undefined',
    '\0',
  ])('%j', (text) => expect(codeOf(text)).toBe('invalid_json'))

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":{"c":1},"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"\\"":1,"\\u0022":2}',
    '[{"x":{"a":[],"a":[]}}]',
    '{"":1,"":1}',
  ])('a member twice, however it is spelt: %s', (text) => {
    expect(codeOf(text)).toBe('invalid_json')
  })

  test('a message repeats no key that stands in for a name', () => {
    const name = shownName(`x sk_live_7Hq2mZ9x_${'aB3'.repeat(16)}`)
    expect(name).toBe('"x sk_live_7Hq2mZ9x_…"')
  })

  test.each(['{"a":"a","b":"a"}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":["a","a"]}'])(
    'but not what only looks like one: %s',
    (text) => expect(codeOf(text)).toBe('ok'),
  )

  test('bytes that are no UTF-8', () => {
    expect(codeOf(Buffer.from([0x22, 0xff, 0x22]))).toBe('invalid_json')
  })
})

test('64 levels are read and 65 are not, of lists and of objects', () => {
  const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  expect([codeOf(lists(64)), codeOf(objects(64))]).toEqual(['ok', 'ok'])
  expect([codeOf(lists(65)), codeOf(objects(65))]).toEqual(['json_too_complex', 'json_too_complex'])
  expect(codeOf(lists(30_000))).toBe('json_too_complex')
  expect(
    codeOf('{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}'),
  ).toBe('ok')
})

test('no member is called __proto__, at any depth, however it is spelt', () => {
  expect(codeOf('{"__proto__":{"admin":true}}')).toBe('unknown_field')
  expect(codeOf('{"a":[{"\\u005f_proto__":1}]}')).toBe('unknown_field')
  expect(codeOf('["__proto__"]')).toBe('ok')
  expect(() => read('{"__proto__":1}')).toThrow('"__proto__"')
})

test('a body of 64 KiB of members is walked once', () => {
  const members = Array.from({ length: 7_000 }, (_, index) => `"${index}":1`)
  expect(codeOf(`{${members.join(',')}}`)).toBe('ok')
})
