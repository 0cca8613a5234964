/** Guessing is limited per address, and a guesser beside a customer does not lock the customer out. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeyFormat } from '../../src/core/key/format.ts'
import { type Rig, startRig } from '../gateway/rig.ts'
import { QUICK_HASH } from './observed-gate.ts'

const FAILURES = 20
const ROUNDS = 200

let rig: Rig
beforeEach(async () => {
  rig = await startRig({
    config: {
      keys: QUICK_HASH,
      ip: {
        limits: [{ name: 'ip', quota: 1_000_000, window: '1m' }],
        failures: { quota: FAILURES, window: '1m' },
      },
    },
  })
})
afterEach(() => rig.stop())

async function statusWith(key: string): Promise<number> {
  const response = await fetch(rig.url, { headers: { authorization: `Bearer ${key}` } })
  await response.arrayBuffer()
  return response.status
}

/** By turns: no key at all in form, an unknown key, and the customer's key with one letter changed. */
function guess(round: number): string {
  if (round % 3 === 0) return `sk_live_guess${round}`
  if (round % 3 === 1) return createKeyFormat('sk').generate('live').key
  return rig.key.slice(0, 20) + (rig.key[20] === 'a' ? 'b' : 'a') + rig.key.slice(21)
}

test('the customer with a verified key stays at 100% while the same address guesses', async () => {
  expect(await statusWith(rig.key)).toBe(200)
  const guesses: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [customer, guesser] = await Promise.all([statusWith(rig.key), statusWith(guess(round))])
    expect(customer).toBe(200)
    guesses.push(guesser)
  }
  const counted = (status: number) => guesses.filter((other) => other === status).length
  expect([counted(401), counted(429)]).toEqual([FAILURES, ROUNDS - FAILURES])
  expect(guesses.slice(0, FAILURES).every((status) => status === 401)).toBe(true)
  expect(rig.upstream.requests).toHaveLength(ROUNDS + 1)
})

test('even the right key is refused to a blocked address that never had it verified', async () => {
  for (let round = 0; round < FAILURES; round++) await statusWith(guess(0))
  expect(await statusWith(rig.key)).toBe(429)
  expect(rig.upstream.requests).toEqual([])
})
