import { afterAll, beforeAll, expect, test } from 'vitest'
import { putUnderLoad, revokeAndAsk } from './revocation.ts'
import { type Serving, serve } from './serving.ts'

let serving: Serving
beforeAll(async () => {
  serving = await serve({ ip: false, tiers: { free: { limits: [] } } })
})
afterAll(() => serving.stop())

test('a key revoked by the CLI in another process is refused on the very next request, under load', async () => {
  const { key } = await serving.createKey()
  const load = putUnderLoad(serving, key)
  for (let trial = 0; trial < 10; trial++) {
    expect(await revokeAndAsk(serving)).toEqual({ before: 200, after: 401 })
  }
  expect(await load.stop()).toBeGreaterThan(100)
}, 60_000)
