import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyFormat } from '../core/key/format.ts'
import { createLogger } from './logger.ts'

const { key } = createKeyFormat('acme').generate('live')
const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$Zm9vYmFyYmF6cXV4Zm9vYmE'
const TOKEN = 'Zk3vQ81Zk3vQ81Zk3vQ81Zk3vQ81Zk3vQ81Zk3vQ81abc'

/** How each secret is met, and the part of it that may not be seen again. */
const SECRETS = [
  { text: key, needle: key.slice(20, 40) },
  { text: HASH, needle: 'Zm9vYmFyYmF6' },
  { text: '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', needle: 'R9h/cIPz0gi' },
  { text: 'postgres://ada:p"a\\ss/w@rd@db.internal/x', needle: 'ss/w' },
  { text: 'rediss://:s3same@db:6380', needle: 's3same' },
  { text: 'Bearer sesame-of-the-upstream', needle: 'sesame-of' },
  { text: 'Basic dTpwYXNzd29yZA==', needle: 'dTpwYXNz' },
  { text: `https://keys.example/replace/${TOKEN}`, needle: TOKEN.slice(0, 12) },
]

interface Line {
  readonly [member: string]: unknown
}

function logged(fields: object, message: string, instance?: string): { text: string; line: Line } {
  const written: string[] = []
  const write = (line: string) => void written.push(line)
  const options = { destination: { write }, ...(instance === undefined ? {} : { instance }) }
  createLogger('trace', options).error(fields, message)
  const text = written.join('')
  return { text, line: JSON.parse(text) }
}

/** Somewhere in a value: as itself, within text, as a name, in lists, errors and their causes. */
const placed = (secret: string): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown; text: string }>((tie) => ({
    text: fc
      .tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
      .map(([before, after]) => `${before}${secret} ${after}`),
    value: fc.oneof(
      { maxDepth: 4 },
      tie('text'),
      fc.tuple(fc.jsonValue(), tie('value')),
      fc.tuple(fc.string(), tie('value')).map(([name, value]) => ({ [name]: value })),
      tie('text').map((text) => ({ [text]: 1 })),
      tie('text').map((text) => new Error(text)),
      tie('value').map((cause) => new Error('outer', { cause })),
      tie('text').map((text) => Object.assign(new Error('x'), { detail: { text } })),
      tie('text').map((text) => new AggregateError([new Error(text)], 'many')),
    ),
  })).value

test.each(SECRETS)('wherever $text stands, it is gone', ({ text: secret, needle }) => {
  const member = fc.constantFrom('err', 'error', 'x', 'headers', 'code', '__proto__')
  fc.assert(
    fc.property(member, placed(secret), fc.string(), (name, value, message) => {
      const { text, line } = logged({ [name]: value }, `${message} ${secret}`)
      expect(text).not.toContain(needle)
      expect(line['level']).toBe(50)
    }),
  )
})

test('what has no secret in it is written as it is', () => {
  const fields = { n: 1.5, text: 'a "b" \\ c\n\u0001', list: ['x', { y: null }], keyId: '7Hq2mZ9x' }
  const { line } = logged({ ...fields, request_id: 'req_1' }, 'no key: "Authorization: Bearer KEY"')
  expect(line).toMatchObject({ ...fields, request_id: 'req_1' })
  expect(line['msg']).toBe('no key: "Authorization: Bearer KEY"')
})

test('the value of a member or header that is called secret goes whole, whatever it looks like', () => {
  const { line } = logged(
    {
      a: { b: { apiKey: 'opaque', c: 'seen' } },
      password: ['opaque', 'opaque'],
      rawHeaders: ['Authorization', 'opaque', 'Accept', 'seen'],
      secret: 7,
      next: 'seen',
    },
    'x',
  )
  expect(line).toMatchObject({
    a: { b: { apiKey: '[redacted]', c: 'seen' } },
    password: ['[redacted]', '[redacted]'],
    rawHeaders: ['Authorization', '[redacted]', 'Accept', 'seen'],
    secret: 7,
    next: 'seen',
  })
})

test('every line names its process, where it has a name', () => {
  expect(logged({ request_id: 'req_1' }, 'x', 'i-7').line).toMatchObject({ instance: 'i-7' })
  expect(logged({}, 'x').line).not.toHaveProperty('instance')
})
