/** The Anthropic SDK, as it is, against the local fake. */
import Anthropic, { AuthenticationError, BadRequestError, NotFoundError } from '@anthropic-ai/sdk'
import { afterEach, expect, test } from 'vitest'
import { type FakeAnthropic, type FakeAnthropicOptions, startFakeAnthropic } from './index.ts'

let fake: FakeAnthropic | undefined
afterEach(() => fake?.close())

const ASK = {
  model: 'claude-haiku-4-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'teh  report ,is late !!' }],
} satisfies Anthropic.MessageCreateParams

async function start(
  options: FakeAnthropicOptions = {},
): Promise<{ llm: FakeAnthropic; client: Anthropic }> {
  const llm = await startFakeAnthropic({ tokensPerChunk: 1, ...options })
  fake = llm
  return { llm, client: new Anthropic({ baseURL: llm.url, apiKey: 'local-key', maxRetries: 0 }) }
}

test('a message has the text and its usage', async () => {
  const { client, llm } = await start()
  const message = await client.messages.create(ASK)
  expect(message.content).toMatchObject([{ type: 'text', text: 'The report, is late!' }])
  expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 10 } })
  const cut = await client.messages.create({ ...ASK, max_tokens: 2, system: 'be brief' })
  expect(cut).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 2 } })
  expect(llm.books.byKey.get('local-key')).toMatchObject({ requests: 2, outputTokens: 8 })
})

test('a stream goes from message_start to message_stop, the output told last', async () => {
  const { client } = await start()
  const stream = client.messages.stream(ASK)
  const types: string[] = []
  for await (const event of stream) types.push(event.type)
  expect(types[0]).toBe('message_start')
  expect(types.at(-1)).toBe('message_stop')
  const message = await stream.finalMessage()
  expect(message.content).toMatchObject([{ text: 'The report, is late!' }])
  expect(message.usage).toMatchObject({ input_tokens: 10, output_tokens: 6 })
})

test('cached and written input are told apart and have their prices', async () => {
  const { client, llm } = await start({ faults: { cachedInputTokens: 5, cacheWriteTokens: 3 } })
  const { usage } = await client.messages.create(ASK)
  expect(usage).toMatchObject({
    ...{ input_tokens: 2, cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
  })
  // 2 x 1 + 5 x 0.1 + 3 x 1.25 + 6 x 5 = 36.25 micro-dollars, rounded up.
  expect(llm.books.total.costMicroUsd).toBe(37)
})

test('refuses what the real server refuses, in its error form', async () => {
  const { client, llm } = await start({ apiKeys: ['local-key'] })
  const create = client.messages.create.bind(client.messages)
  await expect(create({ ...ASK, model: 'none' })).rejects.toBeInstanceOf(NotFoundError)
  await expect(create({ ...ASK, max_tokens: 0 })).rejects.toBeInstanceOf(BadRequestError)
  await expect(create({ ...ASK, messages: [] })).rejects.toMatchObject({
    error: { type: 'error', error: { type: 'invalid_request_error' } },
  })
  const other = new Anthropic({ baseURL: llm.url, apiKey: 'another', maxRetries: 0 })
  await expect(other.messages.create(ASK)).rejects.toBeInstanceOf(AuthenticationError)
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['claude-haiku-4-5'])
  expect(llm.books.total.requests).toBe(0)
})
