import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CallPolicy } from './contract.ts'
import { readCall } from './read-call.ts'

const OPEN: CallPolicy = { maxOutputTokens: 4096, isClamped: false, allowsModel: () => true }
const CLAMPED: CallPolicy = { ...OPEN, maxOutputTokens: 1024, isClamped: true }
const CHAT = '/v1/chat/completions'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (body: Uint8Array): string => new TextDecoder().decode(body)

function call(path: string, body: string, policy = OPEN) {
  const read = readCall(path, bytes(body), policy)
  if (read.kind !== 'call') throw new Error(JSON.stringify(read))
  return { ...read.call, text: textOf(read.call.body) }
}

function refusal(path: string, body: string | Uint8Array, policy = OPEN): string {
  const read = readCall(path, typeof body === 'string' ? bytes(body) : body, policy)
  return read.kind === 'refused' ? read.code : read.kind
}

describe('protocols', () => {
  test.each([
    ['/v1/chat/completions', 'openai-chat'],
    ['/openai/deployments/mine/chat/completions?api-version=1', 'openai-chat'],
    ['/v1/chat/completions/', 'openai-chat'],
    ['/V1/Chat/Completions', 'openai-chat'],
    ['/v1/chat/completions;a=b', 'openai-chat'],
    ['/v1;x/completions', 'openai-completions'],
    ['/api/v1/responses', 'openai-responses'],
    ['/v1/embeddings', 'openai-embeddings'],
    ['/anthropic/v1/messages', 'anthropic-messages'],
  ])('%s is %s', (path, protocol) => {
    expect(call(path, '{"model":"m","max_tokens":1}').protocol).toBe(protocol)
  })

  test.each([
    '/v1/messages/count_tokens',
    '/v1/messages/batches',
    '/v1/threads/t/messages',
    '/v1/models',
    '/v1/responses/r/cancel',
    '/v1/audio/speech',
    '/',
    '',
  ])('%s is no call', (path) => {
    expect(refusal(path, '{"model":"m"}')).toBe('other')
  })

  test('a model that the path names is the one that counts', () => {
    const read = call('/openai/deployments/dear/chat/completions', '{"model":"cheap"}')
    expect(read.model).toBe('dear')
    expect(call('/openai/deployments/dear/embeddings', '{"input":"x"}').model).toBe('dear')
  })
})

describe('what is not one clear call is refused', () => {
  test.each([
    '',
    'x',
    '[]',
    '"model"',
    'null',
    '\ufeff{"model":"m"}',
    '{"model":"m","model":"gpt-4o"}',
    '{"model":"m","mod\\u0065l":"gpt-4o"}',
    '{"model":"m","Model":"gpt-4o"}',
    '{"model":"m","ſtream":true}',
    '{"model":"m","max_to\u212aens":5}',
    '{"model":"m","max_tokens":5,"max_tokens":500000}',
    '{"model":"m","stream":true,"stream":false}',
    '{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
    '{"model":"m","n":1,"n":2}',
  ])('invalid_json: %j', (body) => {
    expect(refusal(CHAT, body)).toBe('invalid_json')
  })

  test('bytes that are no UTF-8, and JSON in another encoding', () => {
    expect(refusal(CHAT, Buffer.from('{"model":"\xff"}', 'latin1'))).toBe('invalid_json')
    expect(refusal(CHAT, Buffer.from('{"model":"m"}', 'utf16le'))).toBe('invalid_json')
  })

  test.each([
    '{}',
    '{"model":null}',
    '{"model":""}',
    '{"model":["m"]}',
    '{"model":"a b"}',
    `{"model":"${'m'.repeat(201)}"}`,
    '{"model":"m","n":0}',
    '{"model":"m","n":-1}',
    '{"model":"m","n":"2"}',
    '{"model":"m","n":1.5}',
    '{"model":"m","max_tokens":0}',
    '{"model":"m","max_tokens":1e400}',
    '{"model":"m","max_tokens":9007199254740993}',
    '{"model":"m","max_completion_tokens":"1"}',
    '{"model":"m","max_tokens":1000000000,"n":2}',
    '{"model":"m","stream":1}',
    '{"model":"m","stream":"true"}',
    '{"model":"m","stream":true,"stream_options":[]}',
  ])('invalid_field: %s', (body) => {
    expect(refusal(CHAT, body)).toBe('invalid_field')
  })

  test('a model that is not on the list', () => {
    const policy = { ...OPEN, allowsModel: (model: string) => model === 'm' }
    expect(refusal(CHAT, '{"model":"gpt-4o"}', policy)).toBe('model_not_allowed')
    expect(refusal(CHAT, '{"model":"m"}', policy)).toBe('call')
  })

  test('JSON as deep as it may be long is read', () => {
    const deep = `{"model":"m","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(call(CHAT, deep).model).toBe('m')
  })
})

describe('the maximum', () => {
  test.each([
    [CHAT, '{"model":"m"}', '{"model":"m","max_tokens":4096}'],
    [CHAT, '{ "model": "m" }', '{ "model": "m","max_tokens":4096 }'],
    [CHAT, '{"max_tokens":null,"model":"m"}', '{"max_tokens":4096,"model":"m"}'],
    [CHAT, '{"model":"o3-mini"}', '{"model":"o3-mini","max_completion_tokens":4096}'],
    [CHAT, '{"model":"x/gpt-5.1"}', '{"model":"x/gpt-5.1","max_completion_tokens":4096}'],
    ['/v1/responses', '{"model":"m"}', '{"model":"m","max_output_tokens":4096}'],
    ['/v1/messages', '{"model":"m"}', '{"model":"m","max_tokens":4096}'],
    ['/v1/completions', '{"model":"m"}', '{"model":"m","max_tokens":16}'],
    ['/v1/embeddings', '{"model":"m"}', '{"model":"m"}'],
  ])('is set where it is missing: %s %s', (path, sent, passed) => {
    expect(call(path, sent).text).toBe(passed)
  })

  test('is lowered in place where the tier has one, whatever the field is called', () => {
    const sent = '{"max_tokens": 9000 , "model":"m","max_completion_tokens":1e4,"temperature":1.0}'
    const read = call(CHAT, sent, CLAMPED)
    expect(read.text).toBe(
      '{"max_tokens": 1024 , "model":"m","max_completion_tokens":1024,"temperature":1.0}',
    )
    expect(read.outputTokens).toBe(1024)
    expect(call(CHAT, sent).text).toBe(sent)
    expect(call(CHAT, sent).outputTokens).toBe(10_000)
  })

  test('counts for each choice and each prompt', () => {
    expect(call(CHAT, '{"model":"m","max_tokens":10,"n":3}').outputTokens).toBe(30)
    const one = '{"model":"m","max_tokens":10,"n":2,"best_of":5,"prompt":'
    expect(call('/v1/completions', `${one}"a"}`).outputTokens).toBe(50)
    expect(call('/v1/completions', `${one}["a","b"]}`).outputTokens).toBe(100)
    expect(call('/v1/completions', `${one}[1,2,3]}`).outputTokens).toBe(50)
    expect(call('/v1/completions', `${one}[[1,2],[3]]}`).outputTokens).toBe(100)
  })
})

describe('usage of streams', () => {
  const rest = '"model":"m","max_tokens":1'
  test.each([
    [`{${rest},"stream":true}`, `{${rest},"stream":true,"stream_options":{"include_usage":true}}`],
    [
      `{${rest},"stream":true,"stream_options":null}`,
      `{${rest},"stream":true,"stream_options":{"include_usage":true}}`,
    ],
    [
      `{"stream_options":{"a":1},${rest},"stream":true}`,
      `{"stream_options":{"a":1,"include_usage":true},${rest},"stream":true}`,
    ],
    [
      `{"stream_options":{ "include_usage" : false },${rest},"stream":true}`,
      `{"stream_options":{ "include_usage" : true },${rest},"stream":true}`,
    ],
  ])('is asked for: %s', (sent, passed) => {
    const read = call(CHAT, sent)
    expect(read).toMatchObject({ text: passed, hidesUsage: true, isStream: true })
  })

  test('is the client’s where it asked for it, and nobody’s where nothing streams', () => {
    const asked = `{${rest},"stream":true,"stream_options":{"include_usage":true}}`
    expect(call(CHAT, asked)).toMatchObject({ text: asked, hidesUsage: false })
    const whole = `{${rest},"stream":false,"stream_options":{}}`
    expect(call(CHAT, whole)).toMatchObject({ text: whole, hidesUsage: false, isStream: false })
    expect(call('/v1/messages', `{${rest},"stream":true}`).hidesUsage).toBe(false)
  })
})

describe('the input', () => {
  const data = `data:image/png;base64,${'A'.repeat(100_000)}`
  const inputOf = (content: unknown, path = CHAT, more = {}): { tokens: number; size: number } => {
    const body = JSON.stringify({
      model: 'm',
      max_tokens: 1,
      messages: [{ role: 'user', content }],
      ...more,
    })
    return { tokens: call(path, body).inputTokens, size: bytes(body).length }
  }

  test('is at most one token for each byte', () => {
    const { tokens, size } = inputOf('žluťoučký 🐎')
    expect(tokens).toBe(size)
  })

  test('counts media by their number, not by their bytes', () => {
    const image = { type: 'image_url', image_url: { url: data } }
    const { tokens, size } = inputOf([image, { type: 'text', text: 'what?' }, image])
    expect(tokens).toBe(size - 2 * data.length + 80_000)
    const remote = inputOf([{ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }])
    expect(remote.tokens).toBe(remote.size + 40_000)
    const source = { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(50_000) }
    const nested = [{ type: 'tool_result', content: [{ type: 'document', source }] }]
    const anthropic = inputOf(nested, '/v1/messages')
    expect(anthropic.tokens).toBe(anthropic.size - 10_000)
  })

  test('counts as text whatever is text to the model', () => {
    const text = inputOf([{ type: 'text', text: data, image_url: { url: data } }])
    expect(text.tokens).toBe(text.size)
    const file = `data:text/plain;base64,${'A'.repeat(100_000)}`
    const { tokens, size } = inputOf([{ type: 'file', file: { file_data: file } }])
    expect(tokens).toBe(size + 40_000)
    const plain = { type: 'text', media_type: 'text/plain', data: 'A'.repeat(100_000) }
    const document = inputOf([{ type: 'document', source: plain }], '/v1/messages')
    expect(document.tokens).toBe(document.size)
    const tool = inputOf('x', CHAT, { tools: [{ type: 'image_url', image_url: data }] })
    expect(tool.tokens).toBe(tool.size + 1_000)
  })

  test('counts what the API remembers', () => {
    const body = '{"model":"m","max_output_tokens":1,"input":"x","previous_response_id":"r"}'
    expect(call('/v1/responses', body).inputTokens).toBe(body.length + 400_000)
  })
})

test('a body that needs nothing is the very bytes of the client', () => {
  const body = bytes('{"model":"m", "max_tokens":1,"x":1.000}')
  const read = readCall(CHAT, body, CLAMPED)
  expect(read.kind === 'call' && read.call.body).toBe(body)
})

test('whatever else is in a body, it means the same afterwards, but for what is set', () => {
  const extra = fc.dictionary(
    fc.string().filter((name) => !/^(model|max|n$|best|stream|__proto__)/i.test(name)),
    fc.jsonValue(),
  )
  const space = fc.constantFrom(undefined, 1, '\t', '\n  ')
  fc.assert(
    fc.property(extra, extra, fc.boolean(), space, (before, after, stream, indent) => {
      const sent = { ...before, model: 'm', stream, max_tokens: 5000, ...after }
      const read = call(CHAT, JSON.stringify(sent, null, indent), CLAMPED)
      const added = stream ? { stream_options: { include_usage: true } } : {}
      expect(JSON.parse(read.text)).toEqual(
        JSON.parse(JSON.stringify({ ...sent, max_tokens: 1024, ...added })),
      )
    }),
  )
})

test('no bytes make it throw', () => {
  const path = fc.constantFrom(CHAT, '/v1/messages', '/v1/responses', '/v1/completions', 'x')
  const json = fc.json().map(bytes)
  fc.assert(
    fc.property(path, fc.oneof(fc.uint8Array(), json), (at, body) => {
      expect(['call', 'refused', 'other']).toContain(readCall(at, body, OPEN).kind)
    }),
  )
})
