/**
 * The SDKs of OpenAI and Anthropic, as they are, through a gateway that meters: they get what they get
 * from the API itself, and the ledger has what the API says it used.
 */
import Anthropic, { RateLimitError as AnthropicRateLimit } from '@anthropic-ai/sdk'
import OpenAI, { RateLimitError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeUpstream, startFakeAnthropic, startFakeOpenAI } from '../../src/testing/index.ts'
import { fakePricesOf, type SpendRig, startSpendRig } from './rig.ts'

const MODEL = 'one-model'
const QUESTION = 'teh  report ,is late !!'
const MESSAGES = [{ role: 'user', content: QUESTION }] satisfies Anthropic.MessageParam[]
const CHAT = { model: MODEL, messages: MESSAGES }
const MESSAGE = { ...CHAT, max_tokens: 100 }
/** What the fakes count for the question and for their answer to it. */
const USED = { inputTokens: 10, outputTokens: 6 }

let rig: SpendRig
let key: string
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  rig = await startSpendRig({
    models: [MODEL],
    tiers: { poor: { limits: [], spend: { perDay: 0 } } },
  })
  key = (await rig.newKey()).key
  openai = new OpenAI({ baseURL: `${rig.url}/v1`, apiKey: key, maxRetries: 0 })
  anthropic = new Anthropic({ baseURL: rig.url, apiKey: key, maxRetries: 0 })
})
afterAll(() => rig.stop())

/** What a call added to the ledger, once it is settled. */
async function usedBy(call: () => Promise<unknown>): Promise<object> {
  const before = await reported()
  await call()
  await expect.poll(async () => (await reported()).requests).toBe(before.requests + 1)
  await expect.poll(async () => (await rig.gate.spend?.report())?.reservedMicroUsd).toBe(0)
  const after = await reported()
  return {
    inputTokens: after.usage.inputTokens - before.usage.inputTokens,
    outputTokens: after.usage.outputTokens - before.usage.outputTokens,
  }
}

async function reported() {
  const report = await rig.gate.spend?.report()
  if (report === undefined) throw new Error('the gate meters nothing')
  return report.total
}

describe('the openai SDK', () => {
  test('a chat completion', async () => {
    const used = await usedBy(async () => {
      const answer = await openai.chat.completions.create(CHAT)
      expect(answer.choices[0]?.message.content).toBe('The report, is late!')
      expect(answer.usage?.total_tokens).toBe(16)
    })
    expect(used).toEqual(USED)
  })

  test.each([true, false])('a streamed one, usage asked for: %s', async (include_usage) => {
    const used = await usedBy(async () => {
      const options = include_usage ? { stream_options: { include_usage } } : {}
      const stream = await openai.chat.completions.create({ ...CHAT, ...options, stream: true })
      let text = ''
      const usages: unknown[] = []
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        usages.push(chunk.usage)
      }
      expect(text).toBe('The report, is late!')
      expect(usages.at(-1) !== undefined).toBe(include_usage)
    })
    expect(used).toEqual(USED)
  })

  test('a response, whole and streamed', async () => {
    const asked = { model: MODEL, input: QUESTION }
    const whole = await usedBy(async () => {
      expect((await openai.responses.create(asked)).output_text).toBe('The report, is late!')
    })
    expect(whole).toEqual(USED)
    const streamed = await usedBy(async () => {
      const stream = openai.responses.stream(asked)
      for await (const _event of stream);
      expect((await stream.finalResponse()).output_text).toBe('The report, is late!')
    })
    expect(streamed).toEqual(USED)
  })

  test('embeddings', async () => {
    const used = await usedBy(async () => {
      const answer = await openai.embeddings.create({ model: MODEL, input: ['one', 'two'] })
      expect(answer.data).toHaveLength(2)
    })
    expect(used).toEqual({ inputTokens: 2, outputTokens: 0 })
  })

  test('a cap that is reached is an error that it knows, with the time to wait', async () => {
    const poor = new OpenAI({
      ...{ baseURL: `${rig.url}/v1`, apiKey: (await rig.newKey('poor')).key, maxRetries: 0 },
    })
    const refused = poor.chat.completions.create({ ...CHAT, stream: true })
    const error = await refused.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RateLimitError)
    if (!(error instanceof RateLimitError)) return
    expect(error.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})

describe('the Anthropic SDK', () => {
  test('a message, whole and streamed', async () => {
    const whole = await usedBy(async () => {
      const { content } = await anthropic.messages.create(MESSAGE)
      expect(content).toMatchObject([{ text: 'The report, is late!' }])
    })
    expect(whole).toEqual(USED)
    const streamed = await usedBy(async () => {
      const message = await anthropic.messages.stream(MESSAGE).finalMessage()
      expect(message.content).toMatchObject([{ text: 'The report, is late!' }])
      expect(message.usage.output_tokens).toBe(6)
    })
    expect(streamed).toEqual(USED)
  })

  test('a cap that is reached is an error that it knows', async () => {
    const apiKey = (await rig.newKey('poor')).key
    const poor = new Anthropic({ baseURL: rig.url, apiKey, maxRetries: 0 })
    await expect(poor.messages.create(MESSAGE)).rejects.toBeInstanceOf(AnthropicRateLimit)
  })
})

describe('bytes are those of a direct call', () => {
  interface Raw {
    readonly path: string
    readonly body: object
  }
  const stream = { stream: true }
  const usage = { stream_options: { include_usage: true } }
  const bounded = { max_tokens: 100 }
  const RAW: readonly Raw[] = [
    { path: '/v1/chat/completions', body: CHAT },
    { path: '/v1/chat/completions', body: { ...CHAT, ...bounded, ...stream } },
    { path: '/v1/chat/completions', body: { ...CHAT, ...stream, ...usage, n: 2 } },
    { path: '/v1/responses', body: { model: MODEL, input: QUESTION } },
    { path: '/v1/responses', body: { model: MODEL, input: QUESTION, ...stream } },
    { path: '/v1/embeddings', body: { model: MODEL, input: 'one' } },
    { path: '/v1/messages', body: MESSAGE },
    { path: '/v1/messages', body: { ...MESSAGE, ...stream } },
    { path: '/v1/messages', body: { ...MESSAGE, messages: [] } },
    { path: '/v1/chat/completions', body: { ...CHAT, model: MODEL, n: 9 } },
  ]

  test.each(RAW)('$path $body', async ({ path, body }) => {
    // Fakes that have answered nothing yet give both the same ids.
    const options = { tokensPerChunk: 1, priceTable: fakePricesOf([MODEL]) }
    const start = path === '/v1/messages' ? startFakeAnthropic : startFakeOpenAI
    const direct = await start(options)
    const fresh = await startSpendRig({ models: [MODEL] })
    try {
      const own = (await fresh.newKey()).key
      const through = await exchange(fresh.url, path, body, own)
      expect(through).toEqual(await exchange(originOf(direct), path, body, own))
    } finally {
      await fresh.stop()
      await direct.close()
    }
  })
})

const originOf = (fake: FakeUpstream): string => new URL(fake.url).origin

/** Of one hop, of the moment, or the gateway's own. */
const OWN_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'date', 'content-length']

async function exchange(origin: string, path: string, body: object, credential: string) {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const headers = [...answer.headers].filter(
    ([name]) => !OWN_HEADERS.includes(name) && !/^ratelimit|^x-request-id|^x-lockgate/.test(name),
  )
  const text = await answer.text()
  const timeless = text.replaceAll(/"created(_at)?":\d+/g, '"created":0')
  return { status: answer.status, headers, text: timeless }
}
