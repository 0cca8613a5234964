import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ERRORS } from '../../core/errors.ts'
import { codeOf } from './parser-errors.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

test('every error of the parser gets a code of the catalogue, or silence', () => {
  const error = fc.record(
    {
      code: fc.oneof(
        fc.string(),
        fc.constantFrom('HPE_HEADER_OVERFLOW', 'HPE_INVALID_HEADER_TOKEN', 'HPE_INVALID_VERSION'),
      ),
      bytesParsed: fc.integer(),
      rawPacket: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(error, (input) => {
      const code = codeOf(input)
      if (code !== undefined) expect(ERRORS).toHaveProperty(code)
    }),
    { numRuns: RUNS },
  )
})

test.each([
  ['a target in one piece', `GET /${'a'.repeat(20_000)}`, 'uri_too_long'],
  ['the middle of a target', 'a'.repeat(20_000), 'uri_too_long'],
  [
    'a short target, long headers',
    `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`,
    'headers_too_large',
  ],
  ['the middle of headers', `a b\r\nX: ${'a'.repeat(20_000)}`, 'headers_too_large'],
])('too much of something is named after it: %s', (_name, bytes, code) => {
  const rawPacket = Buffer.from(bytes)
  expect(codeOf({ code: 'HPE_HEADER_OVERFLOW', rawPacket })).toBe(code)
})

test.each(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'])('%s has nobody to answer', (code) => {
  expect(codeOf({ code })).toBeUndefined()
})
