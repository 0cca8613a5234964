/** The openai SDK, as it is, against the fake's responses and embeddings. */
import OpenAI, { BadRequestError } from 'openai'
import { afterEach, expect, test } from 'vitest'
import { type FakeOpenAI, startFakeOpenAI } from './index.ts'

let fake: FakeOpenAI | undefined
afterEach(() => fake?.close())

const PRICE = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 1_000_000 }

async function start(): Promise<{ llm: FakeOpenAI; client: OpenAI }> {
  const llm = await startFakeOpenAI({ tokensPerChunk: 1, priceTable: { any: PRICE } })
  fake = llm
  return { llm, client: new OpenAI({ baseURL: llm.url, apiKey: 'local-key', maxRetries: 0 }) }
}

test('a response has the text, its usage, and says where the maximum cut it', async () => {
  const { client, llm } = await start()
  const whole = await client.responses.create({ model: 'any', input: 'teh  report ,is late !!' })
  expect(whole.output_text).toBe('The report, is late!')
  expect(whole.usage).toMatchObject({ input_tokens: 10, output_tokens: 6, total_tokens: 16 })

  const cut = await client.responses.create({
    ...{ model: 'any', instructions: 'be brief', max_output_tokens: 2 },
    input: [{ role: 'user', content: 'teh  report ,is late !!' }],
  })
  expect(cut).toMatchObject({ status: 'incomplete', output_text: 'The repo' })
  expect(llm.books.total).toMatchObject({ requests: 2, inputTokens: 27, outputTokens: 8 })
  await expect(
    client.responses.create({ model: 'any', input: 'x', max_output_tokens: 0 }),
  ).rejects.toBeInstanceOf(BadRequestError)
})

test('a streamed response is put together by the SDK', async () => {
  const { client } = await start()
  const stream = client.responses.stream({ model: 'any', input: 'teh  report ,is late !!' })
  const types: string[] = []
  for await (const event of stream) types.push(event.type)
  const final = await stream.finalResponse()
  expect(final.output_text).toBe('The report, is late!')
  expect(final.usage?.output_tokens).toBe(6)
  expect(types.filter((type) => type === 'response.output_text.delta')).toHaveLength(6)
  expect(types.at(-1)).toBe('response.completed')
})

test('embeddings are numbers, the same in both encodings', async () => {
  const { client, llm } = await start()
  const input = ['one text', 'another']
  const floats = await client.embeddings.create({ model: 'any', input, encoding_format: 'float' })
  const packed = await client.embeddings.create({ model: 'any', input })
  expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(
    floats.data.map(({ embedding }) => embedding),
  )
  expect(floats.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
  await client.embeddings.create({ model: 'any', input: [1, 2, 3] })
  expect(llm.books.total).toMatchObject({ requests: 3, inputTokens: 11, outputTokens: 0 })
})
