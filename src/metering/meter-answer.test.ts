import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_USAGE } from '../core/spend/amount.ts'
import type { AiProtocol, AnswerMeter, CallBounds } from './contract.ts'
import { errorEvent } from './error-event.ts'
import { meterAnswer } from './meter-answer.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const BOUNDS = { model: 'gpt-4o-mini', inputTokens: 500, outputTokens: 100, hidesUsage: false }

const callOf = (protocol: AiProtocol, more: Partial<CallBounds> = {}): CallBounds => ({
  ...BOUNDS,
  protocol,
  isStream: true,
  ...more,
})

const json = (call: CallBounds, status = 200): AnswerMeter =>
  meterAnswer(call, { status, contentType: 'application/json; charset=utf-8' })
const stream = (call: CallBounds): AnswerMeter =>
  meterAnswer(call, { status: 200, contentType: 'text/event-stream' })

function run(meter: AnswerMeter, chunks: readonly Uint8Array[]) {
  const out = chunks.map((chunk) => Buffer.from(meter.write(chunk)))
  out.push(Buffer.from(meter.end()))
  return { out: Buffer.concat(out).toString('latin1'), ...meter.metered() }
}

const passed = (text: string): string => Buffer.from(text).toString('latin1')

describe('the usage of a body', () => {
  const usage = (input: number, output: number, cached = 0, written = 0) => ({
    inputTokens: input,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    outputTokens: output,
  })
  test.each([
    [
      'openai-chat',
      { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens: 3 },
      usage(9, 3, 4),
    ],
    ['openai-completions', { prompt_tokens: 9, completion_tokens: 3 }, usage(9, 3)],
    [
      'openai-responses',
      { input_tokens: 9, input_tokens_details: { cached_tokens: 40 }, output_tokens: 3 },
      usage(9, 3, 9),
    ],
    ['openai-embeddings', { prompt_tokens: 9, total_tokens: 9 }, usage(9, 0)],
    [
      'anthropic-messages',
      {
        input_tokens: 1,
        cache_creation_input_tokens: 20,
        cache_read_input_tokens: 300,
        output_tokens: 7,
      },
      usage(321, 7, 300, 20),
    ],
  ] as const)('of %s', (protocol, reported, expected) => {
    const body = JSON.stringify({
      id: 'usage',
      x: { usage: { prompt_tokens: 1 } },
      usage: reported,
    })
    const { out, ...metered } = run(json(callOf(protocol)), [bytes(body)])
    expect(metered).toEqual({ usage: expected, isReported: true })
    expect(out).toBe(passed(body))
  })

  test.each([
    '{"usage":null}',
    '{"usage":{"prompt_tokens":-1,"completion_tokens":3}}',
    '{"usage":{"prompt_tokens":1e300,"completion_tokens":3}}',
    '{"usage":{"prompt_tokens":1.5,"completion_tokens":3}}',
    '{"usage":{"prompt_tokens":"9","completion_tokens":3}}',
    '{"usage":{"prompt_tokens":9}}',
    '{"choices":[{"usage":{"prompt_tokens":1,"completion_tokens":1}}]}',
    '{"a":"\\",\\"usage\\":{\\"prompt_tokens\\":1,\\"completion_tokens\\":1}"}',
    '{"usage":{"prompt_tokens":1,"completion_tokens":1}',
    '<html>',
    '',
  ])('that cannot be believed is the worst case: %s', (body) => {
    const { usage: charged, isReported } = run(json(callOf('openai-chat')), [bytes(body)])
    expect(isReported).toBe(false)
    expect(charged).toEqual(usage(500, 100))
  })

  test('of an error is nothing, unless it says so', () => {
    const call = callOf('openai-chat')
    expect(run(json(call, 429), [bytes('{"error":{}}')]).usage).toEqual(NO_USAGE)
    const said = '{"usage":{"prompt_tokens":5,"completion_tokens":0}}'
    expect(run(json(call, 500), [bytes(said)])).toMatchObject({ isReported: true })
  })

  test('of what is compressed is the worst case', () => {
    const head = { status: 200, contentType: 'application/json', encoding: 'gzip' }
    const body = '{"usage":{"prompt_tokens":1,"completion_tokens":1}}'
    const { usage: charged, out } = run(meterAnswer(callOf('openai-chat'), head), [bytes(body)])
    expect(charged).toEqual(usage(500, 100))
    expect(out).toBe(body)
  })
})

const chunk = (delta: object, more = ''): string =>
  `data: {"id":"c","choices":[{"index":0,"delta":${JSON.stringify(delta)}}]${more}}\n\n`
const USAGE = '{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}'
const FINAL = `data: {"id":"c","choices":[],"usage":${USAGE}}\n\n`

describe('a stream', () => {
  test('is, without the usage that only we asked for, what a direct call gets', () => {
    const text = 'quoted ,"usage":null and é'
    const direct = `: hi\n\n${chunk({ content: text })}${chunk({})}data: [DONE]\n\n`
    const asked =
      `: hi\n\n${chunk({ content: text }, ',"usage":null')}` +
      `${chunk({}, ', "usage": null')}${FINAL}data: [DONE]\n\n`
    const { out, ...metered } = run(stream(callOf('openai-chat', { hidesUsage: true })), [
      bytes(asked),
    ])
    expect(out).toBe(passed(direct))
    expect(metered).toMatchObject({
      isReported: true,
      usage: { inputTokens: 9, outputTokens: 3 },
    })
  })

  test('that the client asked usage of passes as it is', () => {
    const sent = chunk({ content: 'x' }, ',"usage":null') + FINAL
    const { out, isReported } = run(stream(callOf('openai-chat')), [bytes(sent)])
    expect(out).toBe(sent)
    expect(isReported).toBe(true)
  })

  test('that ends early is estimated from what passed, with all of its input', () => {
    const events = ['a', 'four', 'fives', 'čtyři'].map((content) => chunk({ content })).join('')
    const meter = stream(callOf('openai-chat'))
    expect(run(meter, [bytes(events)])).toMatchObject({
      isReported: false,
      usage: { inputTokens: 500, outputTokens: Math.ceil((1 + 4 + 5 + 7) / 4) },
    })
    expect(meter.producedTokens).toBe(4)
  })

  test('of long words is not taken for more than its maximum', () => {
    const words = Array.from({ length: 100 }, () => chunk({ content: ' international' })).join('')
    const meter = stream(callOf('openai-chat'))
    expect(run(meter, [bytes(words)]).usage.outputTokens).toBe(100)
    expect(meter.producedTokens).toBe(100)
  })

  test('in few events is told by its bytes', () => {
    const meter = stream(callOf('openai-chat'))
    meter.write(bytes(chunk({ content: 'x'.repeat(8000) })))
    expect(meter.producedTokens).toBe(500)
    expect(meter.metered().usage.outputTokens).toBe(500)
  })

  test('of a model that reasons out of sight is charged as it was held', () => {
    const meter = stream(callOf('openai-chat', { model: 'o3' }))
    meter.write(bytes(chunk({ content: 'x' })))
    expect(meter.metered().usage.outputTokens).toBe(100)
    expect(meter.producedTokens).toBe(1)
  })

  test('is not believed about what came after its usage', () => {
    const early = `data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":0}}\n\n`
    const metered = run(stream(callOf('openai-chat')), [bytes(early + chunk({ content: 'text' }))])
    expect(metered).toMatchObject({
      isReported: false,
      usage: { inputTokens: 9, outputTokens: 1 },
    })
  })

  test.each([
    ['openai-chat', chunk({ tool_calls: [{ function: { name: 'ab', arguments: 'cd' } }] })],
    ['openai-chat', chunk({ refusal: 'abcd' })],
    ['openai-chat', chunk({ reasoning_content: 'abcd' })],
    ['openai-chat', chunk({ function_call: { arguments: 'abcd' } })],
    ['openai-completions', 'data: {"choices":[{"text":"abcd"}]}\n\n'],
    ['openai-responses', 'data: {"type":"response.output_text.delta","delta":"abcd"}\n\n'],
    ['openai-responses', 'data: {"type":"response.refusal.delta","delta":"abcd"}\n\n'],
    ['anthropic-messages', 'data: {"type":"content_block_delta","delta":{"text":"abcd"}}\n\n'],
    [
      'anthropic-messages',
      'data: {"type":"content_block_delta","delta":{"partial_json":"abcd"}}\n\n',
    ],
    ['anthropic-messages', 'data: {"type":"content_block_delta","delta":{"thinking":"abcd"}}\n\n'],
  ] as const)('of %s counts what is in %s', (protocol, event) => {
    const meter = stream(callOf(protocol))
    meter.write(bytes(event))
    expect(meter.producedTokens).toBe(1)
  })

  test('of Anthropic tells its input first and its output as it grows', () => {
    const meter = stream(callOf('anthropic-messages'))
    const start = { input_tokens: 20, cache_read_input_tokens: 5, output_tokens: 1 }
    const event = (data: { type: string; [name: string]: unknown }): Uint8Array =>
      bytes(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
    meter.write(event({ type: 'message_start', message: { usage: start } }))
    meter.write(
      event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'hello' } }),
    )
    expect(meter.metered()).toMatchObject({
      isReported: false,
      usage: { inputTokens: 25, outputTokens: 2 },
    })
    meter.write(event({ type: 'message_delta', delta: {}, usage: { output_tokens: 7 } }))
    expect(meter.metered()).toMatchObject({
      isReported: true,
      usage: { inputTokens: 25, cachedInputTokens: 5, outputTokens: 7 },
    })
  })

  test.each(['completed', 'incomplete'])('of Responses tells it when it is %s', (end) => {
    const meter = stream(callOf('openai-responses'))
    const usage = { input_tokens: 4, output_tokens: 2 }
    const data = { type: `response.${end}`, sequence_number: 8, response: { usage } }
    meter.write(bytes(`event: response.${end}\ndata: ${JSON.stringify(data)}\n\n`))
    expect(meter.metered()).toMatchObject({ isReported: true, usage: { outputTokens: 2 } })
    expect(meter.nextSequence).toBe(9)
  })

  test('that stops within an event has sent whole events only', () => {
    const meter = stream(callOf('openai-chat'))
    const whole = chunk({ content: 'x' })
    expect(Buffer.from(meter.write(bytes(`${whole}data: {"id"`))).toString()).toBe(whole)
    expect(Buffer.from(meter.end()).toString()).toBe('data: {"id"')
  })
})

describe('however the bytes are cut', () => {
  const ends = fc.constantFrom('\n', '\r\n', '\r')
  const content = fc.record({ content: fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })) })
  const more = fc.constantFrom('', ',"usage":null', `,"usage":${USAGE}`)
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(content, more).map(([delta, rest]) => chunk(delta, rest)) },
    fc.constantFrom(
      FINAL,
      ': ping\n\n',
      '\n',
      'data: [DONE]\n\n',
      'event: x\ndata: {\ndata: }\n\n',
    ),
  )
  const text = fc
    .tuple(fc.constantFrom('', '\ufeff'), fc.array(event), ends, fc.constantFrom('', 'data: {'))
    .map(([mark, events, end, rest]) => mark + events.join('').replaceAll('\n', end) + rest)
  const pieces = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 30 })

  function cutBy(all: Uint8Array, sizes: readonly number[]): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (let at = 0, i = 0; at < all.length; i++) {
      const size = (sizes[i % sizes.length] ?? 0) + (i % sizes.length === 0 ? 1 : 0)
      parts.push(all.subarray(at, at + size))
      at += size
    }
    return parts
  }

  test('a stream passes and costs the same', () => {
    fc.assert(
      fc.property(text, pieces, fc.boolean(), (sent, sizes, hidesUsage) => {
        const call = callOf('openai-chat', { hidesUsage })
        const whole = run(stream(call), [bytes(sent)])
        expect(run(stream(call), cutBy(bytes(sent), sizes))).toEqual(whole)
        if (!hidesUsage) expect(whole.out).toBe(passed(sent))
      }),
    )
  })

  test('a body passes and costs the same', () => {
    const body = fc.record({
      a: fc.jsonValue(),
      usage: fc.constant(JSON.parse(USAGE)),
      b: fc.jsonValue(),
    })
    fc.assert(
      fc.property(body, pieces, fc.constantFrom(undefined, 1), (value, sizes, indent) => {
        const sent = JSON.stringify(value, null, indent).replaceAll('":', indent ? '" :' : '":')
        const call = callOf('openai-chat')
        const whole = run(json(call), [bytes(sent)])
        expect(whole).toMatchObject({ isReported: true, usage: { outputTokens: 3 } })
        expect(run(json(call), cutBy(bytes(sent), sizes))).toEqual(whole)
      }),
    )
  })

  test('no bytes make a meter throw, and all of them pass', () => {
    const protocols = fc.constantFrom<AiProtocol>(
      'openai-chat',
      'openai-responses',
      'anthropic-messages',
      'openai-embeddings',
    )
    const chunks = fc.array(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((s) => bytes(`data: ${s}\n\n`)),
      ),
    )
    fc.assert(
      fc.property(protocols, chunks, fc.boolean(), (protocol, sent, isStream) => {
        const call = callOf(protocol)
        const { out } = run(isStream ? stream(call) : json(call), sent)
        expect(out).toBe(Buffer.concat(sent).toString('latin1'))
      }),
    )
  })
})

test('a stream that is cut says so in the form of its protocol', () => {
  const event = (protocol: AiProtocol, sequence?: number): string =>
    Buffer.from(errorEvent({ protocol }, 'req_1', 'Enough.', sequence)).toString()
  expect(event('openai-chat')).toBe(
    'data: {"error":{"message":"Enough.","type":"spend_exceeded","code":"spend_exceeded","param":null,"request_id":"req_1"}}\n\n',
  )
  expect(event('anthropic-messages')).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"spend_exceeded","message":"Enough."},"request_id":"req_1"}\n\n',
  )
  expect(event('openai-responses', 4)).toBe(
    'event: error\ndata: {"type":"error","code":"spend_exceeded","message":"Enough.","param":null,"sequence_number":4}\n\n',
  )
})
