/** What a fake produced is in its books, whatever it was told to do wrong and whoever hung up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeOpenAI, type FakeOpenAIOptions, startFakeOpenAI } from '../fake-openai/index.ts'
import { FAULT_PHASES, type FakeCall, type FakeFaults } from './index.ts'

let fake: FakeOpenAI | undefined
afterEach(() => fake?.close())

async function start(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  fake = await startFakeOpenAI({ tokensPerChunk: 1, ...options })
  return fake
}

interface Asked {
  readonly faults?: FakeFaults | string
  readonly body?: object
  readonly signal?: AbortSignal
}

function ask(llm: FakeOpenAI, { faults = {}, body = {}, signal }: Asked): Promise<Response> {
  const messages = [{ role: 'user', content: 'teh  report ,is late !!' }]
  const header = typeof faults === 'string' ? faults : JSON.stringify(faults)
  return fetch(`${llm.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer key', 'x-fake-faults': header, 'x-fake-tag': 'mine' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages, stream: true, ...body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

const USAGE = { stream_options: { include_usage: true } }

/** What arrived before the end, whether it was a good one. */
async function read(answer: Promise<Response>): Promise<{ text: string; isWhole: boolean }> {
  let text = ''
  try {
    const decoder = new TextDecoder()
    for await (const chunk of (await answer).body ?? []) text += decoder.decode(chunk)
    return { text, isWhole: true }
  } catch {
    return { text, isWhole: false }
  }
}

const wordsIn = (text: string): number => (text.match(/"content":"\w/g) ?? []).length

async function ended(llm: FakeOpenAI): Promise<FakeCall> {
  await expect.poll(() => llm.calls.at(-1)?.end ?? 'open').not.toBe('open')
  const call = llm.calls.at(-1)
  if (call === undefined) throw new Error('no call')
  return call
}

describe('a stream that the fake closes', () => {
  test.each([
    ['before-headers', 0],
    ['before-first-token', 0],
    ['middle', 5],
    ['after-last-token', 10],
    ['after-usage', 10],
  ] as const)('%s has produced %i of 10 tokens', async (closeAt, tokens) => {
    const llm = await start()
    const faults = { closeAt, outputTokens: 10 }
    const { text, isWhole } = await read(ask(llm, { faults, body: USAGE }))
    expect(isWhole).toBe(false)
    expect(wordsIn(text)).toBe(tokens)
    const call = await ended(llm)
    expect(call).toMatchObject({ tag: 'mine', end: 'fake', usage: { outputTokens: tokens } })
    expect(call.told !== null).toBe(closeAt === 'after-usage')
    const { outputTokens, inputTokens } = llm.books.total
    expect({ inputTokens, outputTokens }).toEqual({ inputTokens: 10, outputTokens: tokens })
    expect(llm.books.total.costMicroUsd).toBe(call.costMicroUsd)
    expect(llm.findCall('mine')).toEqual(call)
    expect(llm.findCall('other')).toBeUndefined()
  })
})

describe('a client that hangs up', () => {
  test.each(FAULT_PHASES)('where the fake hangs %s ends the call at once', async (hangAt) => {
    const llm = await start()
    const hangUp = new AbortController()
    const { signal } = hangUp
    const reading = read(ask(llm, { faults: { hangAt, outputTokens: 4 }, body: USAGE, signal }))
    await expect.poll(() => llm.calls.length).toBe(1)
    await sleep(30)
    expect(llm.calls.at(0)).toMatchObject({ end: 'open', endedAtMs: null })
    const before = Date.now()
    hangUp.abort()
    await reading
    const call = await ended(llm)
    expect(call.end).toBe('client')
    expect(call.endedAtMs).toBeGreaterThanOrEqual(before)
  })

  test('before an answer that is no stream pays for the tokens until then', async () => {
    const llm = await start()
    const faults = { outputTokens: 1_000, tokenDelayMs: 5 }
    const hangUp = new AbortController()
    const { signal } = hangUp
    const reading = read(ask(llm, { faults, body: { stream: false }, signal }))
    await expect.poll(() => llm.calls.at(0)?.usage.outputTokens).toBeGreaterThan(2)
    hangUp.abort()
    await reading
    const { end, usage } = await ended(llm)
    expect(end).toBe('client')
    expect(usage.outputTokens).toBeLessThan(1_000)
  })
})

test('usage is told late, wrongly, or never; the books keep the truth', async () => {
  const llm = await start()
  const outputTokens = 3
  const late = { outputTokens, usage: 'late', usageDelayMs: 50 } as const
  expect((await read(ask(llm, { faults: late, body: USAGE }))).text).toContain('"total_tokens":13')

  const wrong = { outputTokens, wrongInputTokens: 7, wrongOutputTokens: 1 }
  expect((await read(ask(llm, { faults: wrong, body: USAGE }))).text).toContain('"total_tokens":8')
  expect(await ended(llm)).toMatchObject({ usage: { outputTokens }, told: { outputTokens: 1 } })

  for (const stream of [true, false]) {
    const faults = { outputTokens, usage: 'none' } as const
    const body = stream ? USAGE : { stream }
    expect((await read(ask(llm, { faults, body }))).text).not.toContain('total_tokens')
    expect(await ended(llm)).toMatchObject({ end: 'complete', usage: { outputTokens }, told: null })
  }
  expect(llm.books.total.outputTokens).toBe(12)
})

test('a fake that ignores the maximum produces all of it, for each choice', async () => {
  const llm = await start()
  const faults = { outputTokens: 6, ignoresMaxTokens: true }
  const answer = await read(ask(llm, { faults, body: { max_tokens: 2, n: 2 } }))
  expect(wordsIn(answer.text)).toBe(12)
  await read(ask(llm, { faults: { outputTokens: 6 }, body: { max_tokens: 2, n: 2 } }))
  expect((await ended(llm)).usage.outputTokens).toBe(4)
  expect(llm.books.total.outputTokens).toBe(16)
})

test('cached input has its own price', async () => {
  const price = {
    inputMicroUsdPerMillion: 1_000_000,
    cachedInputMicroUsdPerMillion: 500_000,
    outputMicroUsdPerMillion: 2_000_000,
  }
  const llm = await start({ priceTable: { 'gpt-4o-mini': price } })
  await read(ask(llm, { faults: { cachedInputTokens: 4, outputTokens: 1 } }))
  expect((await ended(llm)).costMicroUsd).toBe(6 + 2 + 2)
})

test('a status that was asked for books nothing, and an unknown fault is refused', async () => {
  const llm = await start({ faults: { status: 500 } })
  expect((await ask(llm, {})).status).toBe(500)
  expect((await ask(llm, { faults: { status: 429 } })).status).toBe(429)
  for (const faults of ['{"closeAT":"middle"}', '{"closeAt":"end"}', '[]', '{']) {
    const answer = await ask(llm, { faults })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('x-fake-faults')
  }
  expect(llm.calls).toEqual([])
  expect(llm.books.total.requests).toBe(0)
})
