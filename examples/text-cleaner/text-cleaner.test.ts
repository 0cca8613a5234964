import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Request } from 'express'
import OpenAI from 'openai'
import { afterEach, expect, test, vi } from 'vitest'
import { lockgate } from '../../src/index.ts'
import { metered } from '../../src/metered/index.ts'
import { guard, spendErrors } from '../../src/middleware/express/index.ts'
import { startFakeOpenAI } from '../../src/testing/index.ts'
import { createApp, type TextCleaner } from './app.ts'

const run = promisify(execFile)
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Starts app and fake; returns a curl that posts a body and yields status and parsed answer. */
async function start(options: Partial<TextCleaner> & { capped?: true } = {}) {
  const fake = await startFakeOpenAI()
  const llm = new OpenAI({ baseURL: fake.url, apiKey: 'local', maxRetries: 0 })
  const { capped, ...parts } = options
  const onBill = capped && {
    llmFor: (req: Request) => metered(llm, req.lockgate),
    onError: [spendErrors()],
  }
  const app = createApp({ llm, model: 'gpt-4o-mini', ...parts, ...onBill })
  cleanups.push(() => fake.close())
  const origin = await listen(createServer(app))
  return {
    fake,
    post: (body: string, path = '/v1/clean', key?: string) => curl(origin + path, body, key),
  }
}

/** The origin; the server is closed when the test is over. */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function curl(
  url: string,
  body: string,
  key?: string,
): Promise<{ status: number; json: unknown }> {
  const args = ['-sS', '-w', '\n%{http_code}', '-H', 'Content-Type: application/json']
  const credential = key === undefined ? [] : ['-H', `Authorization: Bearer ${key}`]
  const { stdout } = await run('curl', [...args, ...credential, '-d', body, url])
  const cut = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(cut + 1)), json: JSON.parse(stdout.slice(0, cut)) }
}

test('curl gets its text cleaned by one call to the LLM', async () => {
  const { fake, post } = await start()
  const answer = await post('{"text":"teh  report ,is late !!"}')
  expect(answer).toEqual({ status: 200, json: { text: 'The report, is late!' } })
  expect(fake.books.total.requests).toBe(1)
})

test.each([
  ['{}', 422, 'invalid_text'],
  ['{"text":7}', 422, 'invalid_text'],
  ['{"text":" "}', 422, 'invalid_text'],
  [JSON.stringify({ text: 'a'.repeat(20_001) }), 422, 'invalid_text'],
  ['null', 400, 'invalid_body'],
  ['{"text":', 400, 'invalid_body'],
])('bad input %.40j gets %i %s and costs nothing', async (body, status, code) => {
  const { fake, post } = await start()
  expect(await post(body)).toMatchObject({ status, json: { code } })
  expect(fake.books.total.requests).toBe(0)
})

test('an unknown path gets 404', async () => {
  const { post } = await start()
  expect(await post('{}', '/v1/other')).toMatchObject({ status: 404 })
})

test('a failing LLM gets 502 and its reason stays in the log', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue(undefined)
  const { post } = await start({ model: 'not-served' })
  const answer = await post('{"text":"x"}')
  expect(answer).toMatchObject({ status: 502, json: { code: 'llm_failed' } })
  expect(JSON.stringify(answer)).not.toContain('not-served')
  expect(log.mock.calls.join()).toContain('not-served')
})

test('with a guard before its routes, a caller without a key reaches no LLM', async () => {
  const config = { databaseUrl: 'sqlite::memory:' }
  const gate = await lockgate({ config })
  cleanups.push(() => gate.close())
  const { fake, post } = await start({ before: [guard(gate)] })
  expect(await post('{"text":"x"}')).toMatchObject({ status: 401, json: { code: 'missing_key' } })
  expect(fake.books.total.requests).toBe(0)

  const { key } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
  expect(await post('{"text":"x"}', '/v1/clean', key)).toMatchObject({ status: 200 })
  expect(fake.books.total.requests).toBe(1)
})

test('with spend caps, a caller who has used up theirs reaches no LLM', async () => {
  const tiers = { free: { limits: [], spend: { perDay: '$0.006' } } }
  const spend = { prices: { 'gpt-4o-mini': { input: 0.15, output: 0.6 } } }
  const gate = await lockgate({ config: { databaseUrl: 'sqlite::memory:', spend, tiers } })
  cleanups.push(() => gate.close())
  const { fake, post } = await start({ before: [guard(gate)], capped: true })
  const { key } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
  // Of calls at once, each of which may cost up to half a cent, the cap has room for one.
  const asked = Array.from({ length: 8 }, () => post('{"text":"x"}', '/v1/clean', key))
  const answers = await Promise.all(asked)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBe(8 - fake.books.total.requests)
  for (const { json } of refused) expect(json).toMatchObject({ code: 'spend_exceeded' })
  await expect
    .poll(async () => (await gate.spend?.report())?.total.microUsd)
    .toBe(fake.books.total.costMicroUsd)
})

test('a client that hangs up aborts the call to the LLM', async () => {
  const asked = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const silent = createServer((_req, res) => {
    asked.resolve()
    res.once('close', () => aborted.resolve())
  })
  const baseURL = await listen(silent)
  const llm = new OpenAI({ baseURL, apiKey: 'local', maxRetries: 0 })
  const origin = await listen(createServer(createApp({ llm, model: 'gpt-4o-mini' })))

  const client = new AbortController()
  const answer = fetch(`${origin}/v1/clean`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"x"}',
    signal: client.signal,
  })
  await asked.promise
  client.abort()
  await expect(answer).rejects.toThrow()
  await aborted.promise
})
