import { expect, test } from 'vitest'
import { revokeAndAsk } from './revoked.ts'

const TRIALS = 100

test('a key revoked through one process is refused by another on the very next request, under load', async () => {
  const { tally, load } = await revokeAndAsk(TRIALS)
  expect(tally).toEqual({ 'allowed, then invalid_key': TRIALS })
  expect(Object.keys(load)).toEqual(['allowed'])
}, 120_000)
