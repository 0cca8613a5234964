import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inspect, MAX_HEADER_LINES, type ParsedRequest } from './raw-request.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const MAX_BODY = 1000

const request = (...rawHeaders: string[]): ParsedRequest => ({
  method: 'POST',
  url: '/v1',
  httpVersionMajor: 1,
  httpVersionMinor: 1,
  rawHeaders: ['Host', 'a', ...rawHeaders],
})

const codeOf = (parsed: ParsedRequest): string => {
  const verdict = inspect(parsed, MAX_BODY)
  return verdict.ok ? 'ok' : verdict.code
}

describe('inspect', () => {
  test('reads body length, host and the names in Connection', () => {
    const lines = ['Content-Length', '5', 'Connection', 'Close', 'CONNECTION', 'X-A']
    expect(inspect(request(...lines), MAX_BODY)).toMatchObject({
      ok: true,
      bodyBytes: 5,
      host: 'a',
      connection: 'close,x-a',
    })
    expect(inspect(request('transfer-encoding', 'Chunked'), MAX_BODY)).toMatchObject({
      bodyBytes: -1,
    })
  })

  test.each([
    ['bad_framing', ['Content-Length', '1', 'content-length', '1']],
    ['bad_framing', ['Content-Length', '1', 'Transfer-Encoding', 'chunked']],
    ['bad_framing', ['Content-Length', '']],
    ['bad_framing', ['Content-Length', '1e3']],
    ['bad_framing', ['Transfer-Encoding', 'chunked, chunked']],
    ['bad_framing', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'gzip']],
    ['unsupported_transfer_coding', ['Transfer-Encoding', '']],
    ['unsupported_transfer_coding', ['Transfer-Encoding', 'gzip,chunked']],
    ['bad_host', ['host', 'a']],
    ['upgrade_unsupported', ['Upgrade', 'h2c']],
    ['expectation_failed', ['Expect', '100-continue ']],
    ['body_too_large', ['Content-Length', String(MAX_BODY + 1)]],
    ['body_too_large', ['Content-Length', '9'.repeat(400)]],
    ['ok', ['Content-Length', String(MAX_BODY)]],
    ['headers_too_large', Array(2 * MAX_HEADER_LINES).fill('x')],
    ['headers_too_large', ['X-A', 'a'.repeat(16_384)]],
  ])('%s: %j', (code, lines) => {
    expect(codeOf(request(...lines))).toBe(code)
  })

  test('refuses HTTP/1.0 with a transfer coding, and every other major version', () => {
    const chunked = request('Transfer-Encoding', 'chunked')
    expect(codeOf({ ...chunked, httpVersionMinor: 0 })).toBe('bad_framing')
    expect(codeOf({ ...request(), httpVersionMajor: 2, httpVersionMinor: 0 })).toBe('bad_request')
  })

  test('never throws, whatever the parser hands over', () => {
    const text = fc.string({ unit: 'binary' })
    const name = fc.oneof(
      text,
      fc.constantFrom('Host', 'content-length', 'TRANSFER-ENCODING', 'expect', 'Connection'),
    )
    const value = fc.oneof(text, fc.constantFrom('chunked', '5', 'a', '[::1]:80', '100-continue'))
    const parsed = fc.record({
      method: fc.option(text, { nil: undefined }),
      url: fc.option(text, { nil: undefined }),
      httpVersionMajor: fc.integer(),
      httpVersionMinor: fc.integer(),
      rawHeaders: fc.array(fc.oneof(name, value), { maxLength: 30 }),
    })
    fc.assert(
      fc.property(parsed, (input) => {
        expect(typeof inspect(input, MAX_BODY).ok).toBe('boolean')
      }),
      { numRuns: RUNS },
    )
  })

  test('accepts no request whose length two parsers could read differently', () => {
    const line = fc.tuple(
      fc.constantFrom('Content-Length', 'content-length', 'Transfer-Encoding', 'X-A'),
      fc.constantFrom('0', '5', '+5', ' 5', '5,5', 'chunked', 'chunked ', 'identity', 'x'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        const verdict = inspect(request(...lines.flat()), MAX_BODY)
        if (!verdict.ok) return
        const framing = lines.filter(([name]) => name !== 'X-A')
        expect(framing.length).toBeLessThanOrEqual(1)
        for (const [, value] of framing) expect(value).toMatch(/^(\d+|chunked)$/)
      }),
      { numRuns: RUNS },
    )
  })
})
