/** The real SDKs in a real app, against local fakes of the APIs: what is charged, and what is refused. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import { metered } from '../../src/metered/index.ts'
import { type AppOptions, chat, type Handler, MeteredApp, MODEL, message } from './rig.ts'

let app: MeteredApp
afterEach(() => app.stop())

const start = async (options: AppOptions = {}): Promise<void> => {
  app = await MeteredApp.start(options)
}
const settled = (microUsd: number) =>
  expect.poll(() => app.spent()).toMatchObject({ microUsd, heldMicroUsd: 0 })

const openaiJson: Handler = async (_req, res, { openai }) => {
  const answer = await openai.chat.completions.create(chat())
  res.json({ text: answer.choices[0]?.message.content })
}
const openaiStream: Handler = async (_req, res, { openai }) => {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  const stream = await openai.chat.completions.create({ ...chat(), stream: true })
  for await (const chunk of stream) chunks.push(chunk)
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  res.json({ text, usages: chunks.filter(({ usage }) => usage).length })
}
const anthropicJson: Handler = async (_req, res, { anthropic }) => {
  const { content } = await anthropic.messages.create(message())
  res.json({ text: content[0]?.type === 'text' ? content[0].text : '' })
}
const anthropicStream: Handler = async (_req, res, { anthropic }) => {
  res.json({ text: await anthropic.messages.stream(message()).finalText() })
}

describe('a call that is allowed', () => {
  test.each([
    ['OpenAI', openaiJson],
    ['OpenAI, streamed', openaiStream],
    ['Anthropic', anthropicJson],
    ['Anthropic, streamed', anthropicStream],
  ])('of %s gives the same answer, and costs what the API booked', async (name, handler) => {
    await start()
    const response = await app.ask(handler)
    expect(await response.json()).toMatchObject({ text: 'The report, is late!' })
    const fake = name.startsWith('OpenAI') ? app.openai : app.anthropic
    await expect.poll(() => fake.books.total.requests).toBe(1)
    expect(fake.books.total.costMicroUsd).toBeGreaterThan(0)
    await settled(fake.books.total.costMicroUsd)
  })

  test('shows no usage that was not asked for, and charges it all the same', async () => {
    await start()
    expect(await (await app.ask(openaiStream)).json()).toMatchObject({ usages: 0 })
    expect(JSON.parse(app.openai.requests[0]?.body ?? '{}')).toMatchObject({
      stream_options: { include_usage: true },
    })
  })

  test('asks for no more than the tier allows', async () => {
    await start({ config: { tiers: { free: { limits: [], maxOutputTokens: 7 } } } })
    await app.ask(openaiJson)
    expect(JSON.parse(app.openai.requests[0]?.body ?? '{}')).toMatchObject({
      max_completion_tokens: 7,
    })
  })

  test('goes through the fetch that the client was given', async () => {
    await start()
    const seen: string[] = []
    const own = new OpenAI({
      ...{ baseURL: app.openai.url, apiKey: 'x' },
      fetch: (input, init) => {
        seen.push(String(input))
        return fetch(input, init)
      },
    })
    await app.ask(async (req, res) => {
      await metered(own, req.lockgate).chat.completions.create(chat())
      res.json({})
    })
    expect(seen).toEqual([`${app.openai.url}/chat/completions`])
    await settled(app.openai.books.total.costMicroUsd)
  })

  test('that only asks what there is costs nothing', async () => {
    await start()
    const response = await app.ask(async (_req, res, { openai }) => {
      res.json({ models: (await openai.models.list()).data.length })
    })
    expect(await response.json()).toEqual({ models: 3 })
    expect(await app.spent()).toEqual({ microUsd: 0, heldMicroUsd: 0, requests: 0 })
  })
})

describe('a call that does not fit a cap', () => {
  const NOTHING_LEFT = { config: { spend: { account: { perDay: '$0.00001' } } } }

  test.each([
    ['OpenAI', openaiJson],
    ['OpenAI, streamed', openaiStream],
    ['Anthropic', anthropicJson],
    ['Anthropic, streamed', anthropicStream],
  ])('of %s is not sent, not tried again, and refused as the guard does', async (_, handler) => {
    await start({ ...NOTHING_LEFT, maxRetries: 2 })
    const response = await app.ask(handler)
    const retryAfter = Number(response.headers.get('retry-after'))
    expect(response.status).toBe(429)
    expect(retryAfter).toBeGreaterThan(60)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      ...{ code: 'spend_exceeded', message: expect.any(String), retry_after: retryAfter },
      request_id: expect.stringMatching(/^req_/),
    })
    expect([...app.openai.requests, ...app.anthropic.requests]).toEqual([])
    expect(app.errors).toEqual([])
  })

  test('fails with the own error of each SDK, which says all that there is to know', async () => {
    await start(NOTHING_LEFT)
    const errors: unknown[] = []
    await app.ask(async (req, res, { openai, anthropic }) => {
      await openai.chat.completions.create(chat()).catch((error) => errors.push(error))
      await anthropic.messages.create(message()).catch((error) => errors.push(error))
      res.json(req.lockgate.requestId)
    })
    const [ofOpenAI, ofAnthropic] = errors
    expect(ofOpenAI).toBeInstanceOf(OpenAI.RateLimitError)
    expect(ofOpenAI).toMatchObject({ status: 429, code: 'spend_exceeded' })
    expect(ofAnthropic).toBeInstanceOf(Anthropic.RateLimitError)
    expect(ofAnthropic).toMatchObject({ status: 429, error: { error: { type: 'spend_exceeded' } } })
    for (const error of [ofOpenAI, ofAnthropic] as { headers: Headers }[]) {
      expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(60)
    }
  })

  test('ends as 429, too, where the app has no error handler at all', async () => {
    await start({ ...NOTHING_LEFT, withoutSpendErrors: true })
    expect((await app.ask(openaiJson)).status).toBe(429)
    expect((await app.ask(anthropicJson)).status).toBe(429)
  })

  test('of a model that the tier does not have is refused with 403', async () => {
    await start({ config: { tiers: { free: { limits: [], models: ['gpt-4o'] } } } })
    const response = await app.ask(openaiJson)
    expect([response.status, await response.json()]).toMatchObject([
      ...[403, { code: 'model_not_allowed' }],
    ])
    expect(app.openai.requests).toEqual([])
  })

  test('is known from an error of the API itself, which is left to the app', async () => {
    await start({ faults: { status: 429 }, withoutSpendErrors: false })
    const response = await app.ask(openaiJson)
    expect(response.status).toBe(429)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(app.errors).toEqual([expect.any(OpenAI.RateLimitError)])
  })
})

test('of 200 calls at once exactly as many are made as the cap has room for', async () => {
  // Each holds two micro-dollars for each of its 100 output tokens, and one for each byte of its body.
  const FITS = 7
  const holdMicroUsd = JSON.stringify(chat()).length + 200
  const capMicroUsd = FITS * holdMicroUsd + holdMicroUsd - 1
  const spend = { account: { perDay: `$0.00${capMicroUsd}` } }
  await start({ config: { spend }, faults: { outputTokens: 100 }, latencyMs: 1_500 })
  const outcomes: unknown[] = []
  await app.ask(async (_req, res, { openai }) => {
    const calls = Array.from({ length: 200 }, async () => {
      const answer = await openai.chat.completions.create(chat()).catch((error) => error)
      outcomes.push(answer instanceof OpenAI.RateLimitError ? answer.code : 'answered')
    })
    await Promise.all(calls)
    res.json({})
  })
  expect(outcomes.filter((outcome) => outcome === 'answered').length).toBe(FITS)
  expect(outcomes.filter((outcome) => outcome === 'spend_exceeded').length).toBe(200 - FITS)
  expect(app.openai.requests.length).toBe(FITS)
  await settled(app.openai.books.total.costMicroUsd)
  expect(app.openai.books.total.costMicroUsd).toBeLessThanOrEqual(capMicroUsd)
}, 20_000)

test('a client that is no SDK, and what no guard has set, are told apart at once', async () => {
  await start()
  const openai = new OpenAI({ baseURL: app.openai.url, apiKey: 'x' })
  const messages: string[] = []
  await app.ask(async (req, res) => {
    const tries = [
      () => metered({} as OpenAI, req.lockgate),
      () => metered(openai, { ...req.lockgate, reserve: req.lockgate.reserve }),
    ]
    for (const attempt of tries) {
      try {
        attempt()
      } catch (error) {
        messages.push(String(error))
      }
    }
    res.json({ model: MODEL })
  })
  expect(messages).toEqual([
    'ConfigError: metered() takes a client such as new OpenAI() or new Anthropic()',
    'ConfigError: metered(client, req.lockgate) needs the req.lockgate that guard() has set',
  ])
})
