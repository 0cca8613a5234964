/** Keys are compared as whole digests and in constant time, so that no timing tells how much fits. */
import * as crypto from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { createKeyFormat } from '../../src/core/key/format.ts'
import { openObservedGate } from './observed-gate.ts'

vi.mock('node:crypto', { spy: true })

test('each check of a known key is one constant-time comparison of 32 bytes', async () => {
  const { gate } = await openObservedGate({ ip: false, tiers: { free: { limits: [] } } })
  const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
  const ask = async (presentedKey: string) =>
    gate.check({ presentedKey, address: undefined, requestId: 'req_test' })
  await ask(key)
  const compared = vi.mocked(crypto.timingSafeEqual)
  compared.mockClear()
  const secretStart = createKeyFormat('sk').generate('live').key.length - 49
  for (let at = secretStart; at < key.length; at++) {
    const wrong = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1)
    expect((await ask(wrong)).allowed).toBe(false)
  }
  expect((await ask(key)).allowed).toBe(true)
  expect(compared.mock.calls.length).toBeGreaterThanOrEqual(50)
  const lengths = compared.mock.calls.flat().map(({ byteLength }) => byteLength)
  expect(new Set(lengths)).toEqual(new Set([32]))
  await gate.close()
})
