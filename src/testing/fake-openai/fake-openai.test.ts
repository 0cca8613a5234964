import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import {
  FAKE_FINGERPRINT,
  type FakeOpenAI,
  type FakeOpenAIOptions,
  startFakeOpenAI,
} from './index.ts'

let fake: FakeOpenAI | undefined
afterEach(() => fake?.close())

const QUESTION = { role: 'user', content: 'teh  report ,is late !!' } as const
const ASK = { model: 'gpt-4o-mini', messages: [QUESTION] }

async function start(options?: FakeOpenAIOptions): Promise<{ llm: FakeOpenAI; client: OpenAI }> {
  const llm = await startFakeOpenAI(options)
  fake = llm
  return { llm, client: new OpenAI({ baseURL: llm.url, apiKey: 'local-key', maxRetries: 0 }) }
}

describe('the openai SDK against the local fake', () => {
  test('gets the cleaned text, usage and the mark of the fake', async () => {
    const { client } = await start()
    const answer = await client.chat.completions.create(ASK)
    expect(answer.choices[0]?.message.content).toBe('The report, is late!')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.system_fingerprint).toBe(FAKE_FINGERPRINT)
    expect(answer.usage).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 6,
      total_tokens: 16,
    })
  })

  test('streams the same text, with usage last only where it was asked for', async () => {
    const { client } = await start({ tokensPerChunk: 1 })
    const texts: string[] = []
    const usages: unknown[] = []
    const stream = await client.chat.completions.create({
      ...ASK,
      stream: true,
      stream_options: { include_usage: true },
    })
    for await (const chunk of stream) {
      texts.push(chunk.choices[0]?.delta.content ?? '')
      usages.push(chunk.usage)
    }
    expect(texts.join('')).toBe('The report, is late!')
    expect(texts.filter((text) => text !== '')).toHaveLength(6)
    expect(usages.at(-1)).toMatchObject({ prompt_tokens: 10, completion_tokens: 6 })
    expect(usages.slice(0, -1).every((usage) => usage === null)).toBe(true)

    const plain = await client.chat.completions.create({ ...ASK, stream: true })
    for await (const chunk of plain) expect(chunk).not.toHaveProperty('usage')
  })

  test('max_tokens cuts the answer and says so', async () => {
    const { client, llm } = await start()
    const answer = await client.chat.completions.create({ ...ASK, max_completion_tokens: 2 })
    expect(answer.choices[0]?.message.content).toBe('The repo')
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(llm.books.total.outputTokens).toBe(2)
  })

  test('reads content in parts and lists its models', async () => {
    const { client } = await start()
    const content = [{ type: 'text' as const, text: 'i am here' }]
    const answer = await client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content }],
    })
    expect(answer.choices[0]?.message.content).toBe('I am here.')
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['gpt-4o-mini', 'gpt-4o'])
  })

  test('refuses what a real server refuses, in its error form', async () => {
    const { client, llm } = await start({ apiKeys: ['local-key'] })
    const create = client.chat.completions.create.bind(client.chat.completions)
    await expect(create({ ...ASK, model: 'none' })).rejects.toBeInstanceOf(NotFoundError)
    await expect(create({ ...ASK, messages: [] })).rejects.toBeInstanceOf(BadRequestError)
    await expect(create({ ...ASK, max_tokens: 0 })).rejects.toMatchObject({ param: 'max_tokens' })
    await expect(client.get('/nothing')).rejects.toBeInstanceOf(NotFoundError)
    const other = new OpenAI({ baseURL: llm.url, apiKey: 'another', maxRetries: 0 })
    const refused = other.chat.completions.create(ASK)
    await expect(refused).rejects.toBeInstanceOf(AuthenticationError)
    await expect(refused).rejects.toMatchObject({ code: 'invalid_api_key' })
    expect(llm.books.total.requests).toBe(0)
  })
})

describe('the books', () => {
  test('hold requests, tokens and whole micro-dollars, by key and by model', async () => {
    const { client, llm } = await start()
    for (let call = 0; call < 3; call += 1) await client.chat.completions.create(ASK)
    // 10 x 0.15 + 6 x 0.60 = 5.1 micro-dollars a call, rounded up.
    const line = { requests: 3, inputTokens: 30, outputTokens: 18, costMicroUsd: 18 }
    expect(llm.books.total).toEqual(line)
    expect(llm.books.byKey.get('local-key')).toEqual(line)
    expect(llm.books.byModel.get('gpt-4o-mini')).toEqual(line)
  })

  test('a client that hangs up pays for what was produced until then', async () => {
    const { client, llm } = await start({ tokensPerChunk: 1, chunkDelayMs: 5 })
    const text = 'word '.repeat(4000).trim()
    const content = text.replaceAll('word', (_, at: number) => `w${at}`)
    const stream = await client.chat.completions.create({
      ...ASK,
      messages: [{ role: 'user', content }],
      stream: true,
    })
    for await (const _chunk of stream) break
    await expect.poll(() => llm.books.total.requests, { timeout: 10_000 }).toBe(1)
    expect(llm.books.total.outputTokens).toBeLessThan(4000)
  })
})

test('the record keeps the newest requests only', async () => {
  const { llm } = await start({ maxRecorded: 2 })
  for (const path of ['/a', '/b', '/c', '/d', '/e', '/f', '/g']) {
    await fetch(new URL(path, llm.url))
  }
  expect(llm.requests.map(({ target }) => target)).toEqual(['/f', '/g'])
})

test('any bytes as body get an answer, never a crash', async () => {
  const { llm } = await start()
  const bodies = ['', 'null', '[]', '{"model":1}', '{"__proto__":{}}', '\u0000', '{"messages":{}}']
  for (const body of bodies) {
    const answer = await fetch(`${llm.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body,
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-fake-openai')).toContain('local')
    expect(await answer.json()).toHaveProperty('error.message')
  }
})
