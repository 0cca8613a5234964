/**
 * The rows of the table of bad input that calls with a price touch, over raw sockets and in both forms of
 * errors: the answer, its headers, whether the connection closes, and that nothing reaches the upstream
 * or costs anything.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, type ErrorCode, type ErrorSpec } from '../../src/core/errors.ts'
import { RawClient } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

interface Row {
  readonly name: string
  readonly code: ErrorCode
  readonly send: string
  /** Of the message. */
  readonly says?: string
}

/** `KEY` stands for a valid key. */
const head = (lines: string, path = '/v1/chat/completions'): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: KEY\r\n${lines}\r\n`
const call = (body: string, lines = '', path?: string): string =>
  head(`Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${lines}`, path) + body
const chunked = (body: string): string =>
  `${head('Transfer-Encoding: chunked\r\n')}${body.length.toString(16)}\r\n${body}\r\n`

const GOOD = '{"model":"m","max_tokens":1,"messages":[]}'
const MAX_BODY_BYTES = 4_096
const LARGE = GOOD.replace('[]', `[{"role":"user","content":"${'x'.repeat(MAX_BODY_BYTES)}"}]`)

const REFUSED: readonly Row[] = [
  {
    ...{ name: 'over a spend cap', code: 'spend_exceeded', says: 'spend_day' },
    send: call('{"model":"m","max_tokens":100000,"messages":[]}'),
  },
  {
    ...{ name: 'over a spend cap, by a price of its route', code: 'spend_exceeded' },
    ...{ says: 'spend_day', send: call('anything', '', '/priced') },
  },
  {
    ...{ name: 'a model that is not listed', code: 'model_not_allowed', says: '"n"' },
    send: call('{"model":"n","max_tokens":1}'),
  },
  ...[
    ['Content-Encoding: gzip', GOOD],
    ['Content-Encoding: identity, br', GOOD],
    ['Content-Encoding: x', '{'],
  ].map(
    ([lines = '', body = '']): Row => ({
      ...{ name: lines, code: 'unsupported_encoding', send: call(body, `${lines}\r\n`) },
    }),
  ),
  ...[
    ['no body', ''],
    ['half of JSON', '{"model":"m"'],
    ['two values', `${GOOD}{}`],
    ['an array', `[${GOOD}]`],
    ['a byte order mark', `\xef\xbb\xbf${GOOD}`],
    ['no UTF-8', '{"model":"m","x":"\xff"}'],
    ['a model twice', '{"model":"n","model":"m"}'],
    ['a model twice, escaped', '{"model":"n","\\u006dodel":"m"}'],
    ['a maximum twice', '{"model":"m","max_tokens":1,"max_tokens":9}'],
    ['a maximum in another case', '{"model":"m","Max_Tokens":9}'],
  ].map(([name = '', body = '']): Row => ({ name, code: 'invalid_json', send: call(body) })),
  ...[
    ['no model', '{"max_tokens":1}'],
    ['a model of another type', '{"model":["m"]}'],
    ['a model of control characters', '{"model":"m\\u0000"}'],
    ['a model that is too long', `{"model":"${'m'.repeat(201)}"}`],
    ['a maximum as text', '{"model":"m","max_tokens":"1"}'],
    ['a negative maximum', '{"model":"m","max_tokens":-1}'],
    ['a maximum beyond 2^53', '{"model":"m","max_tokens":1e300}'],
    ['a fraction', '{"model":"m","max_tokens":1.5}'],
    ['choices that are no number', '{"model":"m","max_tokens":1,"n":{}}'],
    ['a stream that is no boolean', '{"model":"m","max_tokens":1,"stream":"true"}'],
    [
      'stream options that are none',
      '{"model":"m","max_tokens":1,"stream":true,"stream_options":1}',
    ],
  ].map(([name = '', body = '']): Row => ({ name, code: 'invalid_field', send: call(body) })),
  { name: 'a body that is said to be too large', code: 'body_too_large', send: call(LARGE) },
  { name: 'a body that grows too large', code: 'body_too_large', send: chunked(LARGE) },
  { name: 'a body that stops', code: 'request_timeout', send: call(GOOD).slice(0, -5) },
  {
    name: 'a body that never begins',
    code: 'request_timeout',
    send: head('Content-Length: 9\r\n'),
  },
]

describe.each(['lockgate', 'openai'] as const)('errors in the form of %s', (errors) => {
  let rig: Rig
  beforeAll(async () => {
    const spend = { perDay: '$0.01' }
    rig = await startRig({
      config: {
        ...{ errors, keys: { argon2id: { memoryKiB: 8, passes: 1 } } },
        spend: { prices: { m: { input: 1, output: 1 } } },
        tiers: { open: { limits: [], spend, models: ['m'] } },
        routes: [{ path: '/priced', spend: { perRequest: '$0.02' } }],
      },
      gateway: { maxBodyBytes: MAX_BODY_BYTES, headersTimeoutMs: 300, requestTimeoutMs: 600 },
      answer: (request, response) => {
        request.resume()
        response.setHeader('content-type', 'application/json')
        response.end('{"usage":{"prompt_tokens":1,"completion_tokens":0}}')
      },
    })
  })
  afterAll(() => rig.stop())

  const client = (text: string): RawClient =>
    new RawClient(rig.port).send(text.replace('KEY', rig.key))

  test.each(REFUSED)('$name: $code', async ({ code, send, says }) => {
    const { status, close }: ErrorSpec = ERRORS[code]
    const closes = close ?? false
    const raw = client(send)
    const answer = await raw.answer()
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    const body: Record<string, unknown> = JSON.parse(answer.body)
    const fields = errors === 'openai' ? Object(body['error']) : body
    expect(Object.keys(errors === 'openai' ? body : { error: 0 })).toEqual(['error'])
    expect(fields).toMatchObject({ code, request_id: expect.stringMatching(/^req_/) })
    expect(fields.message).toContain(says ?? '')
    expect('type' in fields && 'param' in fields).toBe(errors === 'openai')
    if (status === 429) {
      expect(fields.retry_after).toBeGreaterThan(0)
      expect(answer.headers['retry-after']).toBe(String(fields.retry_after))
    } else {
      expect(fields).not.toHaveProperty('retry_after')
    }
    if (closes) {
      expect(answer.headers['connection']).toBe('close')
      expect(await raw.closed()).toBe(true)
    } else {
      raw.send(call(GOOD).replace('KEY', rig.key))
      expect((await raw.answer()).status).toBe(200)
      expect(rig.upstream.requests.pop()?.url).toBe('/v1/chat/completions')
    }
    raw.end()
    expect(rig.upstream.requests).toEqual([])
  })

  test('what was refused has cost nothing, and no hold is left', async () => {
    const report = await rig.gate.spend?.report()
    const admitted = REFUSED.filter(({ code }) => !('close' in ERRORS[code])).length
    expect(report?.total).toMatchObject({ requests: admitted, microUsd: admitted })
    expect(report?.reservedMicroUsd).toBe(0)
  })
})
