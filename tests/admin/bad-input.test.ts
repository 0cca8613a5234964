/**
 * Walks the table of bad input that concerns the admin API, over raw sockets: the answer, its headers,
 * whether the connection closes, and that nothing is made of a refused request.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, type ErrorCode, type ErrorSpec } from '../../src/core/errors.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { type AdminRig, startAdminRig } from './rig.ts'

interface Row {
  readonly name: string
  readonly code: ErrorCode
  /** `KEY` stands for the operator's key. */
  readonly send: string
  readonly headers?: Readonly<Record<string, RegExp>>
  /** What the message must name. */
  readonly names?: string
}

const HOST = 'Host: 127.0.0.1\r\n'
const AUTH = 'Authorization: Bearer KEY\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'

const get = (target: string, lines = ''): string =>
  `GET ${target} HTTP/1.1\r\n${HOST}${AUTH}${lines}\r\n`
const post = (body: string, lines = JSON_TYPE, target = '/v1/keys'): string =>
  `POST ${target} HTTP/1.1\r\n${HOST}${AUTH}${lines}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const row = (name: string, code: ErrorCode, send: string, rest: Partial<Row> = {}): Row => ({
  ...{ name, code, send },
  ...rest,
})
const owned = (members: string): string => post(`{"owner":"a@example.com"${members}}`)

const CREDENTIALS: readonly Row[] = [
  row('no key', 'missing_key', `GET /v1/keys HTTP/1.1\r\n${HOST}\r\n`, {
    headers: { 'www-authenticate': /^Bearer realm="admin"$/ },
  }),
  row(
    'Bearer with nothing',
    'malformed_authorization',
    `GET /v1/keys HTTP/1.1\r\n${HOST}Authorization: Bearer\r\n\r\n`,
  ),
  row('two Authorization lines', 'duplicate_credential', get('/v1/keys', AUTH)),
  row('two keys that differ', 'multiple_credentials', get('/v1/keys', 'X-API-Key: other\r\n')),
  row('a wrong key', 'invalid_key', `GET /v1/keys HTTP/1.1\r\n${HOST}X-API-Key: sk_live_x\r\n\r\n`),
  row('a key in the URL', 'key_in_url', get('/v1/keys?api_key=KEY')),
  row('a key in the URL of a public route', 'key_in_url', get('/openapi.json?x=KEY')),
  row('a key in the URL of health', 'key_in_url', get('/health?key=KEY')),
]

const HTTP: readonly Row[] = [
  row('no Host', 'bad_host', `GET /v1/keys HTTP/1.1\r\n${AUTH}\r\n`),
  row('two Hosts', 'bad_host', get('/v1/keys', 'Host: b\r\n')),
  row('a Host that is none', 'bad_host', `GET /v1/keys HTTP/1.1\r\nHost: a b\r\n${AUTH}\r\n`),
  row('two lengths', 'bad_framing', post('{}', `${JSON_TYPE}Content-Length: 2\r\n`)),
  row('length and chunks', 'bad_framing', post('{}', `${JSON_TYPE}Transfer-Encoding: chunked\r\n`)),
  row(
    'gzip, chunked',
    'unsupported_transfer_coding',
    `POST /v1/keys HTTP/1.1\r\n${HOST}${AUTH}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ),
  row('a bare LF', 'bad_framing', `GET /v1/keys HTTP/1.1\n${HOST}\r\n`),
  row('17 KB of headers', 'headers_too_large', get('/v1/keys', `X-A: ${'a'.repeat(17_000)}\r\n`)),
  row('a target over 8 KB', 'uri_too_long', get(`/${'a'.repeat(8_192)}`)),
  ...['//v1/keys', '/v1/./keys', '/v1/%2e%2e/keys', '/v1\\keys', 'http://evil.example/'].map(
    (target) => row(`target ${target}`, 'bad_target', get(target)),
  ),
  row('TRACE', 'method_not_allowed', get('/v1/keys').replace('GET', 'TRACE'), {
    headers: { allow: /GET, HEAD, POST/ },
  }),
  row('CONNECT', 'unsupported_method', get('a.example:443').replace('GET', 'CONNECT')),
  row('Upgrade', 'upgrade_unsupported', get('/v1/keys', 'Connection: Upgrade\r\nUpgrade: x\r\n')),
  row('an unknown method', 'bad_request', get('/v1/keys').replace('GET', 'FOO')),
  row('another expectation', 'expectation_failed', get('/v1/keys', 'Expect: x\r\n')),
  row('an unknown route', 'unknown_route', get('/v1/nothing')),
  row('a route in other letters', 'unknown_route', get('/V1/keys')),
  row('a route with a slash too many', 'unknown_route', get('/v1/keys/')),
  row('an encoded route', 'unknown_route', get('/v1/%6beys')),
  row('a method that the route lacks', 'method_not_allowed', get('/v1/verify'), {
    headers: { allow: /^POST$/ },
  }),
  row('DELETE of a key', 'method_not_allowed', get('/v1/keys/7Hq2mZ9x').replace('GET', 'DELETE'), {
    headers: { allow: /^GET, HEAD$/ },
  }),
  row('OPTIONS', 'method_not_allowed', get('/v1/keys').replace('GET', 'OPTIONS'), {
    headers: { allow: /^GET, HEAD, POST$/ },
  }),
]

const BODIES: readonly Row[] = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/json; charset=latin1',
    '',
  ].map((type) =>
    row(
      `Content-Type "${type}"`,
      'unsupported_media_type',
      post('{}', `Content-Type: ${type}\r\n`),
      {
        headers: { 'accept-post': /^application\/json$/ },
      },
    ),
  ),
  row('no Content-Type', 'unsupported_media_type', post('{}', '')),
  row(
    'an encoded body',
    'unsupported_encoding',
    post('{}', `${JSON_TYPE}Content-Encoding: gzip\r\n`),
    {
      headers: { 'accept-encoding': /^identity$/ },
    },
  ),
  row('a declared body over 64 KiB', 'body_too_large', post(' '.repeat(65_537))),
  row(
    'chunks over 64 KiB',
    'body_too_large',
    `POST /v1/keys HTTP/1.1\r\n${HOST}${AUTH}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n10001\r\n${' '.repeat(65_537)}\r\n0\r\n\r\n`,
  ),
  row(
    'a large body where none is read',
    'body_too_large',
    post(' '.repeat(65_537), JSON_TYPE, '/v1/keys/7Hq2mZ9x/revoke'),
  ),
  ...[
    '',
    '{',
    'NaN',
    '[1,]',
    '{"owner":"a@example.com","owner":"b@example.com"}',
    '{"owner":1,"own\\u0065r":2}',
  ].map((body) => row(`body ${body}`, 'invalid_json', post(body))),
  row('65 levels', 'json_too_complex', post('['.repeat(65) + ']'.repeat(65))),
  row('__proto__', 'unknown_field', owned(',"__proto__":{"scopes":["admin"]}'), {
    names: '__proto__',
  }),
  ...['constructor', 'toString', 'hasOwnProperty', 'ownr', 'status', 'key_id', 'secretHash'].map(
    (name) => row(`member ${name}`, 'unknown_field', owned(`,"${name}":1`), { names: name }),
  ),
  row(
    'an unknown member of a limit',
    'unknown_field',
    owned(',"limits":[{"name":"a","quota":1,"window":"1m","x":1}]'),
    { names: 'limits[0].x' },
  ),
  ...[
    ['owner', post('{"owner":1}')],
    ['owner', post('{}')],
    ['owner', post('{"owner":"nobody"}')],
    ['scopes', owned(',"scopes":"admin"')],
    ['scopes[1]', owned(',"scopes":["read",{}]')],
    ['tier', owned(',"tier":null')],
    ['mode', owned(',"mode":"prod"')],
    ['expires_at', owned(',"expires_at":"tomorrow"')],
    ['expires_at', owned(',"expires_at":"2001-01-01T00:00:00Z"')],
    ['expires_at', owned(',"expires_at":1893456000')],
    ['limits[0].quota', owned(',"limits":[{"name":"a","quota":0,"window":"1m"}]')],
    ['limits[0].quota', owned(',"limits":[{"name":"a","quota":9007199254740993,"window":"1m"}]')],
    ['limits[0].quota', owned(',"limits":[{"name":"a","quota":1e400,"window":"1m"}]')],
    ['limits[0].quota', owned(',"limits":[{"name":"a","quota":"NaN","window":"1m"}]')],
    ['limits[0].window', owned(',"limits":[{"name":"a","quota":1,"window":"1y"}]')],
    ['body', post('[]')],
    ['body', post('null')],
    ['cost', post('{"key":"x","cost":-1}', JSON_TYPE, '/v1/verify')],
    ['cost', post('{"key":"x","cost":1.5}', JSON_TYPE, '/v1/verify')],
    ['cost', post('{"key":"x","cost":9007199254740992}', JSON_TYPE, '/v1/verify')],
    ['ip', post('{"key":"x","ip":"1.2.3"}', JSON_TYPE, '/v1/verify')],
    ['scope', post('{"key":"x","scope":"A b"}', JSON_TYPE, '/v1/verify')],
  ].map(([names = '', send = '']) =>
    row(`${names}: ${send.slice(send.indexOf('\r\n\r\n') + 4)}`, 'invalid_field', send, { names }),
  ),
]

const QUERIES: readonly Row[] = [
  ['limit', '/v1/keys?limit=0'],
  ['limit', '/v1/keys?limit=201'],
  ['limit', '/v1/keys?limit=1e2'],
  ['limit', '/v1/keys?limit='],
  ['limit', '/v1/audit?limit=1001'],
  ['cursor', '/v1/keys?cursor=x'],
  ['cursor', `/v1/keys?cursor=${Buffer.from('key:00000000').toString('base64url')}`],
  ['cursor', `/v1/audit?cursor=${Buffer.from('row:-1').toString('base64url')}`],
  ['cursor', `/v1/audit?cursor=${Buffer.from('key:7Hq2mZ9x').toString('base64url')}`],
  ['status', '/v1/keys?status=gone'],
  ['event', '/v1/audit?event=key.gone'],
  ['since', '/v1/audit?since=yesterday'],
  ['"status"', '/v1/keys?state=active'],
  ['"unused_since"', '/v1/keys?unused_sinse=x'],
  ['"__proto__"', '/v1/keys?__proto__=x'],
  ['twice', '/v1/keys?tier=free&tier=free'],
  ['scope', '/v1/authorize?scope=A%20b'],
  ['"scope"', '/v1/authorize?scopes=read'],
].map(([names = '', target = '']) => row(target, 'invalid_parameter', get(target), { names }))

describe('bad input', () => {
  let rig: AdminRig
  beforeAll(async () => {
    rig = await startAdminRig({ timeoutMs: 400 })
  })
  afterAll(() => rig.stop())

  for (const { name, code, send, headers, names } of [
    ...CREDENTIALS,
    ...HTTP,
    ...BODIES,
    ...QUERIES,
  ]) {
    const { status, close }: ErrorSpec = ERRORS[code]
    test(`${name}: ${status} ${code}${close ? ', and the connection closes' : ''}`, async () => {
      const client = new RawClient(rig.port)
      client.send(send.replaceAll('KEY', rig.admin))
      const answer = await client.answer()
      const body: Record<string, unknown> = JSON.parse(answer.body)

      expect([answer.status, body['code']]).toEqual([status, code])
      expect(body['message']).toContain(names ?? '')
      expect(body['request_id']).toMatch(/^req_/)
      expect(Object.keys(body)).toHaveLength(3)
      expect(answer.body + rig.logged.join()).not.toContain(rig.admin)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      for (const [header, pattern] of Object.entries(headers ?? {})) {
        expect(answer.headers[header]).toMatch(pattern)
      }
      if (close) expect(await client.closed()).toBe(true)
      else {
        client.send(get('/health').replaceAll('KEY', rig.admin))
        expect((await client.answer()).status).toBe(200)
      }
      client.end()
      expect(await rig.gate.keys.list()).toHaveLength(1)
    })
  }

  test('a body that is too slow: 408 request_timeout, and the connection closes', async () => {
    const client = new RawClient(rig.port)
    client.send(post('{"owner":"a@example.com"}').slice(0, -5).replaceAll('KEY', rig.admin))
    const answer = await client.answer()
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'request_timeout'])
    expect(await client.closed()).toBe(true)
  })

  test('headers that are too slow: 408 request_timeout', async () => {
    const client = new RawClient(rig.port)
    client.send(`GET /v1/keys HTTP/1.1\r\n${HOST}`)
    expect((await client.answer()).status).toBe(408)
  })

  test('100-continue is answered for a body that will be read, and not before the key', async () => {
    const body = '{"key":"x"}'
    const lines = `${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n`
    const verify = (auth: string) => `POST /v1/verify HTTP/1.1\r\n${HOST}${auth}${lines}\r\n`
    const client = new RawClient(rig.port)
    client.send(verify(AUTH).replaceAll('KEY', rig.admin))
    expect((await client.answer()).status).toBe(100)
    client.send(body)
    expect((await client.answer()).status).toBe(200)
    client.end()
    const stranger = new RawClient(rig.port).send(verify(''))
    expect((await stranger.answer()).status).toBe(401)
    expect(await stranger.closed()).toBe(true)
  })
})

test('addresses that ask public routes too often are refused as everywhere', async () => {
  const ip = { limits: [{ name: 'ip', quota: 3, window: '1m' }] }
  const rig = await startAdminRig({ config: { ip } })
  const ask = async () => rig.call('GET', '/openapi.json')
  expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([
    200, 200, 200,
  ])
  const over = await ask()
  expect([over.status, over.json['code']]).toEqual([429, 'rate_limited'])
  expect(over.headers.get('retry-after')).toBe(String(over.json['retry_after']))
  expect((await rig.call('GET', '/health/ready')).status).toBe(200)
  await rig.stop()
})
