import { afterAll, beforeAll, expect, test } from 'vitest'
import { putUnderLoad, revokeAndAsk } from './revocation.ts'
import { type Serving, serve } from './serving.ts'

const TRIALS = 1000
let serving: Serving
beforeAll(async () => {
  serving = await serve({ ip: false, tiers: { free: { limits: [] } } })
})
afterAll(() => serving.stop())

test(`a key revoked by the CLI gets 401 on the next request, ${TRIALS} of ${TRIALS} times, under load`, async () => {
  const { key } = await serving.createKey()
  const load = putUnderLoad(serving, key)
  let refused = 0
  for (let trial = 0; trial < TRIALS; trial++) {
    const { before, after } = await revokeAndAsk(serving)
    if (before === 200 && after === 401) refused++
  }
  const answered = await load.stop()
  console.log(`${refused} of ${TRIALS} refused, ${answered} other requests answered meanwhile`)
  expect(refused).toBe(TRIALS)
}, 3_600_000)
