import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKeyFormat } from '../core/key/format.ts'
import { redact } from './redact.ts'

const { key } = createKeyFormat('acme').generate('live')
const SALT = 'c29tZXNhbHRzb21lc2FsdA'
const HASH = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE'
const ARGON2 = `$argon2id$v=19$m=19456,t=2,p=1$${SALT}$${HASH}`
const BCRYPT = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'
const TOKEN = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

describe('takes out', () => {
  test.each([
    ['a key, and names it', `bad: ${key}!`, `bad: ${key.slice(0, 19)}…!`],
    ['a key that is cut', `bad: ${key.slice(0, 40)}`, `bad: ${key.slice(0, 19)}…`],
    ['a hash of argon2id', `hash ${ARGON2}, no`, `hash $argon2id$[redacted] no`],
    ['a hash of bcrypt', `(${BCRYPT})`, '($2b$[redacted])'],
    ['a password', 'at postgres://ada:pa55@db/x failed', 'at postgres://***@db/x failed'],
    ['a password without user', 'redis://:s3same@127.0.0.1:6379/0', 'redis://***@127.0.0.1:6379/0'],
    ['a password of signs', 'postgres://u:/p/a@s:s?#@db:5432', 'postgres://***@db:5432'],
    ['a password of digits', 'redis://:12345@db:6379', 'redis://***@db:6379'],
    [
      'each of a list of URLs',
      'redis://:a1@one,redis://:b2@two',
      'redis://***@one,redis://***@two',
    ],
    ['a token as user', 'https://ghp_abc@github.com', 'https://***@github.com'],
    ['a bearer credential', 'got Bearer sesame-of-old', 'got Bearer [redacted]'],
    ['a basic credential', 'got basic  dTpwYXNzd29yZA==', 'got basic  [redacted]'],
    [
      'an Authorization header',
      'Authorization: Digest username="ada", response="6629fae4"',
      'Authorization: [redacted]',
    ],
    [
      'one in JSON in a text',
      String.raw`{\"authorization\":\"sesame12\"}`,
      String.raw`{\"authorization\":[redacted]`,
    ],
    ['an X-API-Key header', 'x-api-key: sk-ant-0123456789', 'x-api-key: [redacted]'],
    ['the secret of a webhook', 'not "whsec_c2VzYW1l+/A="', 'not "whsec_[redacted]"'],
    ['a token of a link', `https://a.b/replace/${TOKEN}?x`, 'https://a.b/replace/[redacted]?x'],
  ])('%s', (_what, text, expected) => {
    expect(redact(text)).toBe(expected)
    expect(redact(expected)).toBe(expected)
  })
})

test.each([
  'No API key. Send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".',
  'WWW-Authenticate: Bearer realm="api", error="x"',
  'the Authorization header must be "Bearer KEY"',
  'key 7Hq2mZ9x, req_Ab12Cd34ez, sk_live_7Hq2mZ9x',
  'http://127.0.0.1:3000/@scope/pkg?mail=ada@example.com and https://a.example/@b',
  'ada@example.com paid $2.50 and $25$',
  '/v1/replace/all of them',
  'first line\nsecond "line" \\ with \u0000',
])('leaves %j as it is', (text) => {
  expect(redact(text)).toBe(text)
})

test('a text of any length is done in linear time', () => {
  const long = 100_000
  for (const part of [
    '://',
    'a:@',
    '://a:',
    'Bearer ',
    'authorization: ',
    'x-api-key=" ',
    '$2b$1',
    'a_live_',
    '/replace/',
    '$argon2i',
    '\\"',
  ])
    redact(part.repeat(long))
})

test('a text without secrets is left as it is, whatever else it holds', () => {
  const plain = fc
    .string({ unit: 'grapheme' })
    .filter((text) => !/:\/\/|bearer|basic|authoriz|api-key|\$/i.test(text))
  fc.assert(fc.property(plain, (text) => redact(text) === text))
})
