import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockgate } from '../../src/index.ts'
import { type Serving, serve } from './serving.ts'

/** Tries run side by side, a key each, so that two hundred waits take as long as one. */
const TRIES = 200
const limits = [
  { name: 'burst', quota: 3, window: '1300ms' },
  { name: 'minute', quota: 60, window: '1m', burst: { extra: 0.2, for: '10s' } },
]

let serving: Serving
beforeAll(async () => {
  serving = await serve({ tiers: { free: { limits } }, ip: false, errors: 'openai' })
})
afterAll(() => serving.stop())

async function issueKeys(count: number): Promise<string[]> {
  const gate = await lockgate({ config: { databaseUrl: `sqlite:${serving.folder}/lockgate.db` } })
  const issued = await Promise.all(
    Array.from({ length: count }, () => gate.keys.issue({ owner: 'ada@example.com' })),
  )
  await gate.close()
  return issued.map(({ key }) => key)
}

const ask = (key: string): Promise<Response> =>
  fetch(serving.url, { headers: { authorization: `Bearer ${key}` } })

/** Uses up the key, waits exactly as long as it was told to, and asks once more. */
async function admittedAfterWaiting(key: string): Promise<boolean> {
  let response = await ask(key)
  while (response.status === 200) {
    await response.text()
    response = await ask(key)
  }
  const { error } = (await response.json()) as { error: { retry_after: number } }
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe(String(error.retry_after))
  expect(response.headers.get('cache-control')).toBe('no-store')
  await new Promise((resolve) => setTimeout(resolve, error.retry_after * 1000))
  const again = await ask(key)
  await again.text()
  return again.status === 200
}

describe('a 429', () => {
  test(`tells a client how long to wait: ${TRIES} of ${TRIES} are admitted then`, async () => {
    const keys = await issueKeys(TRIES)
    // One first: each key's argon2id run goes through a pool that takes 66 at a time.
    for (const key of keys) await (await ask(key)).text()
    await new Promise((resolve) => setTimeout(resolve, 1300))
    const admitted = await Promise.all(keys.map(admittedAfterWaiting))
    expect(admitted.filter(Boolean)).toHaveLength(TRIES)
  }, 60_000)

  test("is recovered from by the openai SDK's own retries", async () => {
    const { key } = await serving.createKey('--scopes', 'read,write')
    const client = new OpenAI({ apiKey: key, baseURL: serving.url, maxRetries: 3 })
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) {
      const { response } = await client.models.list().withResponse()
      statuses.push(response.status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    const once = new OpenAI({ apiKey: key, baseURL: serving.url, maxRetries: 0 })
    const refused = Promise.all(Array.from({ length: 5 }, () => once.models.list()))
    await expect(refused).rejects.toThrow(/Too many requests/)
  }, 30_000)
})
