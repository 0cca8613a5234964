/**
 * How a metered call ends when it does not end well: cut at the cap, abandoned by the handler or by the
 * client, refused or lost by the API. Each is charged what was produced, or nothing, and nothing is held.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import type { FakeCall } from '../../src/testing/index.ts'
import { type AppOptions, chat, type Handler, MeteredApp, message } from './rig.ts'

let app: MeteredApp
afterEach(() => app.stop())

const start = async (options: AppOptions = {}): Promise<void> => {
  app = await MeteredApp.start(options)
}

/** The one call that was made, once it has ended. */
async function endedCall(): Promise<FakeCall> {
  const calls = () => [...app.openai.calls, ...app.anthropic.calls]
  await expect.poll(() => calls().filter(({ end }) => end !== 'open').length).toBe(1)
  const [call] = calls()
  if (call === undefined) throw new Error('no call')
  return call
}

async function spentInTheEnd(): Promise<number> {
  await expect.poll(() => app.spent()).toMatchObject({ heldMicroUsd: 0, requests: 1 })
  return (await app.spent()).microUsd
}

/** A few tokens are on their way when a call is stopped, and are never seen. */
const ON_THEIR_WAY_MICRO_USD = 20

async function isPaid({ costMicroUsd }: FakeCall): Promise<void> {
  expect(await spentInTheEnd()).toBeGreaterThanOrEqual(costMicroUsd - ON_THEIR_WAY_MICRO_USD)
}

const SLOW = { outputTokens: 90, tokenDelayMs: 20 }

const openaiChunks = async (openai: OpenAI, signal?: AbortSignal) =>
  openai.chat.completions.create({ ...chat(), stream: true }, { signal: signal ?? null })
const anthropicEvents = async (anthropic: Anthropic, signal?: AbortSignal) =>
  anthropic.messages.create({ ...message(), stream: true }, { signal: signal ?? null })

const STREAMS: readonly (readonly [
  string,
  (clients: Parameters<Handler>[2], signal?: AbortSignal) => Promise<AsyncIterable<unknown>>,
])[] = [
  ['OpenAI', ({ openai }, signal) => openaiChunks(openai, signal)],
  ['Anthropic', ({ anthropic }, signal) => anthropicEvents(anthropic, signal)],
]

describe.each(STREAMS)('a stream of %s', (_, open) => {
  test('that its reader breaks off stops within a second and pays for what passed', async () => {
    await start({ faults: SLOW })
    let brokeAtMs = 0
    await app.ask(async (_req, res, clients) => {
      let seen = 0
      for await (const _event of await open(clients)) if (++seen === 12) break
      brokeAtMs = Date.now()
      res.json({})
    })
    const call = await endedCall()
    expect(call.end).toBe('client')
    expect((call.endedAtMs ?? Number.POSITIVE_INFINITY) - brokeAtMs).toBeLessThan(1_000)
    expect(call.usage.outputTokens).toBeLessThan(60)
    await isPaid(call)
  })

  test('that its signal aborts stops within a second and pays for what passed', async () => {
    await start({ faults: SLOW })
    let abortedAtMs = 0
    await app.ask(async (_req, res, clients) => {
      const stop = new AbortController()
      let seen = 0
      try {
        for await (const _event of await open(clients, stop.signal)) {
          if (++seen !== 12) continue
          abortedAtMs = Date.now()
          stop.abort()
        }
      } catch {}
      res.json({})
    })
    const call = await endedCall()
    expect((call.endedAtMs ?? Number.POSITIVE_INFINITY) - abortedAtMs).toBeLessThan(1_000)
    await isPaid(call)
  })

  test('whose reader just stops stops when the client of the app hangs up', async () => {
    await start({ faults: SLOW })
    const client = new AbortController()
    const reading = Promise.withResolvers<void>()
    const asked = app.ask(async (_req, _res, clients) => {
      const events = (await open(clients))[Symbol.asyncIterator]()
      await events.next()
      reading.resolve()
    }, client.signal)
    await reading.promise
    const leftAtMs = Date.now()
    client.abort()
    await expect(asked).rejects.toThrow()
    const call = await endedCall()
    expect((call.endedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs).toBeLessThan(1_000)
    await isPaid(call)
  })

  test('is a failure to its handler when the client has left, and no end', async () => {
    await start({ faults: SLOW })
    const client = new AbortController()
    const outcome = Promise.withResolvers<string>()
    const asked = app.ask(async (_req, _res, clients) => {
      try {
        for await (const _event of await open(clients)) client.abort()
        outcome.resolve('an end')
      } catch (error) {
        outcome.resolve(String(error))
      }
    }, client.signal)
    await expect(asked).rejects.toThrow()
    expect(await outcome.promise).toContain('The client of this request is gone')
  })

  test('that produces more than was held is cut at the cap, with code spend_exceeded', async () => {
    const spend = { account: { perDay: '$0.0006' } }
    const faults = { outputTokens: 5_000, ignoresMaxTokens: true, tokenDelayMs: 1 }
    await start({ config: { spend }, faults })
    const caught: unknown[] = []
    const response = await app.ask(async (_req, _res, clients) => {
      try {
        for await (const _event of await open(clients)) {
        }
      } catch (error) {
        caught.push(error)
        throw error
      }
    })
    const call = await endedCall()
    expect(call.end).toBe('client')
    expect(call.costMicroUsd).toBeLessThanOrEqual(620)
    const [error] = caught as { code?: string; type?: string }[]
    expect(error?.code ?? error?.type).toBe('spend_exceeded')
    expect([response.status, await response.json()]).toMatchObject([
      ...[429, { code: 'spend_exceeded', retry_after: 1 }],
    ])
    await isPaid(call)
  })

  test('that the API breaks off is charged what passed', async () => {
    await start({ faults: { outputTokens: 40, closeAt: 'middle' } })
    const response = await app.ask(async (_req, res, clients) => {
      for await (const _event of await open(clients)) {
      }
      res.json({})
    })
    expect(response.status).toBe(500)
    const call = await endedCall()
    const microUsd = await spentInTheEnd()
    expect(microUsd).toBeGreaterThanOrEqual(call.costMicroUsd)
    expect(microUsd).toBeLessThan(JSON.stringify(chat()).length + 200 + 60)
  })
})

const create: readonly (readonly [
  string,
  (clients: Parameters<Handler>[2]) => Promise<unknown>,
])[] = [
  ['OpenAI', ({ openai }) => openai.chat.completions.create(chat())],
  ['Anthropic', ({ anthropic }) => anthropic.messages.create(message())],
]

describe.each(create)('a call of %s', (_, make) => {
  const failed: Handler = async (_req, res, clients) => {
    const error = await make(clients).then(
      () => 'no error',
      (thrown) => thrown,
    )
    res.json({ status: error?.status ?? null, name: error?.constructor?.name })
  }

  test.each([400, 401, 429, 500, 529])(
    'that the API refuses with %i costs nothing',
    async (status) => {
      await start({ faults: { status } })
      expect(await (await app.ask(failed)).json()).toMatchObject({ status })
      await expect.poll(() => app.spent()).toMatchObject({ microUsd: 0, heldMicroUsd: 0 })
    },
  )

  test('that the SDK tries again is held and settled each time', async () => {
    await start({ faults: { status: 500 }, maxRetries: 2 })
    await app.ask(failed)
    expect(app.openai.requests.length + app.anthropic.requests.length).toBe(3)
    await expect.poll(() => app.spent()).toMatchObject({ microUsd: 0, heldMicroUsd: 0 })
  }, 15_000)

  test('whose connection is never made costs nothing', async () => {
    await start()
    await Promise.all([app.openai.close(), app.anthropic.close()])
    expect(await (await app.ask(failed)).json()).toMatchObject({ name: 'APIConnectionError' })
    await expect.poll(() => app.spent()).toMatchObject({ microUsd: 0, heldMicroUsd: 0 })
  })

  test('whose answer is lost is charged in full, since nobody knows what was produced', async () => {
    await start({ faults: { closeAt: 'before-headers' } })
    expect(await (await app.ask(failed)).json()).toMatchObject({ name: 'APIConnectionError' })
    const [{ body } = { body: '' }] = [...app.openai.requests, ...app.anthropic.requests]
    expect(await spentInTheEnd()).toBe(body.length + 200)
  })

  test('is stopped when the client of the app hangs up, and not made any more then', async () => {
    await start({ faults: { hangAt: 'before-headers' }, maxRetries: 2 })
    const client = new AbortController()
    const second = Promise.withResolvers<unknown>()
    const asked = app.ask(async (_req, _res, clients) => {
      await make(clients).catch(() => undefined)
      second.resolve(await make(clients).catch((error) => error))
    }, client.signal)
    await expect.poll(() => app.openai.calls.length + app.anthropic.calls.length).toBe(1)
    const leftAtMs = Date.now()
    client.abort()
    await expect(asked).rejects.toThrow()
    const call = await endedCall()
    expect((call.endedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs).toBeLessThan(1_000)
    expect(await second.promise).toMatchObject({ status: 499 })
    await sleep(50)
    expect(app.openai.requests.length + app.anthropic.requests.length).toBe(1)
    expect(await spentInTheEnd()).toBeGreaterThan(0)
  })
})
