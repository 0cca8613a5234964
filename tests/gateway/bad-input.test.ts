/**
 * Walks the table of bad input over raw sockets: the answer, its headers, whether the connection
 * closes, and that no byte of a refused request reaches the upstream.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, type ErrorCode, type ErrorSpec } from '../../src/core/errors.ts'
import { RawClient } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

interface Row {
  readonly name: string
  readonly code: ErrorCode
  /** `KEY` stands for a valid key, `HOST` for a Host line. */
  readonly send: string | readonly string[]
  /** Closes although its code does not say so: the rest of the input cannot be parsed. */
  readonly closes?: true
  readonly headers?: Readonly<Record<string, RegExp>>
}

const head = (lines: string, target = '/', method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHOSTAuthorization: Bearer KEY\r\n${lines}\r\n`
const at = (target: string): string => head('', target)
const post = (lines: string, body = ''): string => head(lines, '/', 'POST') + body
const bearer = (error?: string): Readonly<Record<string, RegExp>> => ({
  'www-authenticate': error
    ? new RegExp(`^Bearer realm="api", error="${error}"`)
    : /^Bearer realm="api"$/,
})

const CREDENTIALS: readonly Row[] = [
  { name: 'no key', code: 'missing_key', send: 'GET / HTTP/1.1\r\nHOST\r\n', headers: bearer() },
  {
    name: 'another scheme',
    code: 'missing_key',
    send: 'GET / HTTP/1.1\r\nHOSTAuthorization: Basic YTpi\r\n\r\n',
    headers: bearer(),
  },
  {
    name: 'Bearer with nothing',
    code: 'malformed_authorization',
    send: 'GET / HTTP/1.1\r\nHOSTAuthorization: Bearer\r\n\r\n',
    headers: bearer('invalid_request'),
  },
  {
    name: 'Bearer with two words',
    code: 'malformed_authorization',
    send: 'GET / HTTP/1.1\r\nHOSTAuthorization: Bearer KEY KEY\r\n\r\n',
    headers: bearer('invalid_request'),
  },
  {
    name: 'two Authorization lines',
    code: 'duplicate_credential',
    send: head('Authorization: Bearer KEY\r\n'),
    headers: bearer('invalid_request'),
  },
  {
    name: 'Authorization and X-API-Key that differ',
    code: 'multiple_credentials',
    send: head('X-API-Key: other\r\n'),
    headers: bearer('invalid_request'),
  },
  {
    name: 'a key in the query string',
    code: 'key_in_url',
    send: 'GET /?api_key=KEY HTTP/1.1\r\nHOST\r\n',
    headers: bearer('invalid_request'),
  },
  {
    name: 'a key that is none',
    code: 'invalid_key',
    send: 'GET / HTTP/1.1\r\nHOSTX-API-Key: sk_live_nonsense\r\n\r\n',
    headers: bearer('invalid_token'),
  },
]

const FRAMING: readonly Row[] = [
  { name: 'no Host', code: 'bad_host', send: 'GET / HTTP/1.1\r\nX-API-Key: KEY\r\n\r\n' },
  {
    name: 'no Host in HTTP/1.0',
    code: 'bad_host',
    send: 'GET / HTTP/1.0\r\nX-API-Key: KEY\r\n\r\n',
  },
  { name: 'two Hosts', code: 'bad_host', send: head('Host: evil.example\r\n') },
  { name: 'two equal Hosts', code: 'bad_host', send: head('HOST') },
  {
    name: 'an empty Host',
    code: 'bad_host',
    send: 'GET / HTTP/1.1\r\nHost:\r\nX-API-Key: KEY\r\n\r\n',
  },
  ...['a b', 'a/b', 'u@h', 'a,b', 'a:b', 'a:99999', '[::1', '[]', 'a%00b', '\xe9'].map(
    (host): Row => ({
      name: `Host ${JSON.stringify(host)}`,
      code: 'bad_host',
      send: `GET / HTTP/1.1\r\nHost: ${host}\r\nX-API-Key: KEY\r\n\r\n`,
    }),
  ),
  {
    name: 'Content-Length with Transfer-Encoding',
    code: 'bad_framing',
    send: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  },
  {
    name: 'Transfer-Encoding with Content-Length',
    code: 'bad_framing',
    send: post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
  },
  {
    name: 'two different lengths',
    code: 'bad_framing',
    send: post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab'),
  },
  {
    name: 'two equal lengths',
    code: 'bad_framing',
    send: post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a'),
  },
  ...['1, 1', '+1', '-1', '0x1', '1 1', '1.0', '99999999999999999999999'].map(
    (length): Row => ({
      name: `Content-Length ${length}`,
      code: 'bad_framing',
      send: post(`Content-Length: ${length}\r\n`, 'a'),
    }),
  ),
  { name: 'obs-fold', code: 'bad_framing', send: head('X-A: a\r\n b\r\n') },
  {
    name: 'obs-fold in the first line',
    code: 'bad_framing',
    send: 'GET / HTTP/1.1\r\n Host: a\r\nX-API-Key: KEY\r\n\r\n',
  },
  { name: 'a bare CR in a value', code: 'bad_framing', send: head('X-A: a\rb\r\n') },
  { name: 'a bare LF between headers', code: 'bad_framing', send: head('X-A: a\nX-B: b\r\n') },
  {
    name: 'a bare LF after the request line',
    code: 'bad_framing',
    send: 'GET / HTTP/1.1\nHOST\r\n',
  },
  { name: 'bare LFs only', code: 'bad_framing', send: 'GET / HTTP/1.1\nHost: a\n\n' },
  { name: 'a bare LF at the end', code: 'bad_framing', send: 'GET / HTTP/1.1\r\nHOST\n' },
  {
    name: 'a space before a colon',
    code: 'bad_framing',
    send: post('Content-Length : 1\r\n', 'a'),
  },
  {
    name: 'HTTP/1.0 with Transfer-Encoding',
    code: 'bad_framing',
    send: 'POST / HTTP/1.0\r\nHOSTX-API-Key: KEY\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    name: 'gzip, chunked',
    code: 'unsupported_transfer_coding',
    send: post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
  },
  {
    name: 'gzip alone',
    code: 'unsupported_transfer_coding',
    send: post('Transfer-Encoding: gzip\r\n', '0\r\n\r\n'),
  },
  {
    name: 'xchunked',
    code: 'unsupported_transfer_coding',
    send: post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
  },
  {
    name: 'chunked twice',
    code: 'bad_framing',
    send: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  },
  {
    name: 'chunked, gzip',
    code: 'bad_framing',
    send: post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n'),
  },
]

const SIZES: readonly Row[] = [
  { name: '101 header lines', code: 'headers_too_large', send: head('X-A: a\r\n'.repeat(99)) },
  { name: '3,000 header lines', code: 'headers_too_large', send: head('X-A: a\r\n'.repeat(3000)) },
  {
    name: '17 KB of headers',
    code: 'headers_too_large',
    send: head(`X-A: ${'a'.repeat(17_000)}\r\n`),
  },
  {
    name: '100 KB of headers',
    code: 'headers_too_large',
    send: head(`X-A: ${'a'.repeat(100_000)}\r\n`),
  },
  {
    name: 'a target one byte over 8 KB',
    code: 'uri_too_long',
    send: at(`/${'a'.repeat(8192)}`),
  },
  { name: 'a target of 20 KB', code: 'uri_too_long', send: at(`/${'a'.repeat(20_000)}`) },
  { name: 'a target of 100 KB', code: 'uri_too_long', send: at(`/${'a'.repeat(100_000)}`) },
  {
    name: 'a declared body over the limit',
    code: 'body_too_large',
    send: post('Content-Length: 1048577\r\n'),
  },
]

const TARGETS: readonly Row[] = [
  ...[
    '//evil.example/',
    '/a//b',
    '/\\evil.example',
    '/a\\..\\b',
    '/..',
    '/.',
    '/../x',
    '/./x',
    '/a/../b',
    '/a/.',
    '/a/..?q',
    '/%2e%2e/x',
    '/%2E./x',
    '/.%2e/x',
    '/a/%2e',
    '/..%2fx',
    '/a%2f..%2fb',
    '/..%5cx',
    '/%00',
    '/%zz',
    '/%',
    '/a#b',
    'http://evil.example/',
    'http://evil.example',
    'https://127.0.0.1.evil.example/',
    'ftp://127.0.0.1/',
    'http://user@127.0.0.1/',
    '*',
  ].map((target): Row => ({ name: `target ${target}`, code: 'bad_target', send: at(target) })),
  { name: 'target \\evil', code: 'bad_target', send: at('\\evil'), closes: true },
]

const METHODS: readonly Row[] = [
  {
    name: 'TRACE',
    code: 'method_not_allowed',
    send: head('', '/', 'TRACE'),
    headers: { allow: /GET, HEAD, POST/ },
  },
  { name: 'CONNECT', code: 'unsupported_method', send: head('', 'evil.example:443', 'CONNECT') },
  {
    name: 'Upgrade',
    code: 'upgrade_unsupported',
    send: head('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  },
  { name: 'an unknown method', code: 'bad_request', send: head('', '/', 'FOO') },
  { name: 'a lower-case method', code: 'bad_request', send: head('', '/', 'get') },
  { name: 'a control byte in the target', code: 'bad_request', send: at('/\x01') },
  { name: 'NUL in the target', code: 'bad_request', send: at('/a\0b') },
  { name: 'DEL in the target', code: 'bad_request', send: at('/\x7f') },
  { name: 'a tab in the target', code: 'bad_request', send: at('/a\tb') },
  { name: 'a space in the target', code: 'bad_request', send: at('/a b') },
  { name: 'raw UTF-8 in the target', code: 'bad_request', send: at('/\xc3\xa9') },
  { name: 'a target without a slash', code: 'bad_request', send: at('foo') },
  { name: 'NUL in a header', code: 'bad_request', send: head('X-A: a\0b\r\n') },
  { name: 'a bad header name', code: 'bad_request', send: head('X@(: a\r\n') },
  { name: 'HTTP/9.9', code: 'bad_request', send: 'GET / HTTP/9.9\r\nHOST\r\n' },
  { name: 'HTTP/1.2', code: 'bad_request', send: 'GET / HTTP/1.2\r\nHOST\r\n' },
  { name: 'HTTP/2.0', code: 'bad_request', send: 'GET / HTTP/2.0\r\nHOSTX-API-Key: KEY\r\n\r\n' },
  { name: 'the HTTP/2 preface', code: 'bad_request', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  {
    name: 'TLS on a plain port',
    code: 'bad_request',
    send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
  },
  { name: 'another expectation', code: 'expectation_failed', send: post('Expect: 200-ok\r\n') },
  {
    name: '100-continue and more',
    code: 'expectation_failed',
    send: post('Expect: 100-continue, more\r\n'),
  },
]

describe('bad input', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig.stop())

  const bytesOf = (text: string): string =>
    text.replaceAll('HOST', `Host: 127.0.0.1:${rig.port}\r\n`).replaceAll('KEY', rig.key)

  for (const row of [...CREDENTIALS, ...FRAMING, ...SIZES, ...TARGETS, ...METHODS]) {
    const { status, close }: ErrorSpec = ERRORS[row.code]
    const closes = row.closes ?? close ?? false
    const dagger = closes ? ', and the connection closes' : ''
    test(`${row.name}: ${status} ${row.code}${dagger}`, async () => {
      const before = rig.upstream.requests.length
      const client = new RawClient(rig.port)
      for (const part of [row.send].flat()) client.send(bytesOf(part))
      const answer = await client.answer()

      expect(answer.status).toBe(status)
      const body: Record<string, unknown> = JSON.parse(answer.body)
      expect(body['code']).toBe(row.code)
      expect(body['message']).toEqual(expect.any(String))
      expect(body['request_id']).toMatch(/^req_/)
      expect(Object.keys(body)).toHaveLength(3)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      for (const [name, pattern] of Object.entries(row.headers ?? {})) {
        expect(answer.headers[name]).toMatch(pattern)
      }
      if (closes) {
        expect(answer.headers['connection']).toBe('close')
        expect(await client.closed()).toBe(true)
        expect(client.received).toBe('')
      } else {
        client.send(bytesOf('GET /after HTTP/1.1\r\nHOSTX-API-Key: KEY\r\n\r\n'))
        expect((await client.answer()).status).toBe(200)
        expect(rig.upstream.requests.pop()?.url).toBe('/after')
      }
      client.end()
      expect(rig.upstream.requests.length).toBe(before)
    })
  }
})
