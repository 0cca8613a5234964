import { expect, test } from 'vitest'
import { revokeAndAsk } from './revoked.ts'

const TRIALS = 10_000

test(`a key revoked through one process is refused by another, ${TRIALS} of ${TRIALS} times`, async () => {
  const beganAt = performance.now()
  const { tally, load } = await revokeAndAsk(TRIALS)
  const seconds = Math.round((performance.now() - beganAt) / 1_000)
  console.log(`${JSON.stringify(tally)}; meanwhile ${JSON.stringify(load)}; ${seconds} s`)
  expect(tally).toEqual({ 'allowed, then invalid_key': TRIALS })
  expect(Object.keys(load)).toEqual(['allowed'])
}, 3_600_000)
