import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replacementExpiry } from './replacement-expiry.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const NOW_MS = 1_750_000_000_000
const linkOf = (createdAtMs: number) => ({ createdAtMs })

test('a key that does not end has a replacement that does not end', () => {
  const key = { status: 'revoked', expiresAtMs: null } as const
  expect(replacementExpiry(linkOf(NOW_MS - 5), key, NOW_MS)).toBe(null)
})

test('a key that has time left has a replacement that ends when it would have', () => {
  const key = { status: 'revoked', expiresAtMs: NOW_MS + 1 } as const
  expect(replacementExpiry(linkOf(NOW_MS - 5), key, NOW_MS)).toBe(NOW_MS + 1)
})

test('a key that expired while it could not be used gets what it had left', () => {
  for (const status of ['revoked', 'disabled'] as const) {
    const key = { status, expiresAtMs: NOW_MS - 100 }
    expect(replacementExpiry(linkOf(NOW_MS - 130), key, NOW_MS)).toBe(NOW_MS + 30)
  }
})

test('a key that was used until it expired has no replacement', () => {
  const key = { status: 'active', expiresAtMs: NOW_MS - 100 } as const
  expect(replacementExpiry(linkOf(NOW_MS - 130), key, NOW_MS)).toBe(undefined)
})

test('whenever it is clicked, nobody gets more time than the key had left', () => {
  const times = fc.integer({ min: -1_000, max: 1_000 })
  fc.assert(
    fc.property(
      fc.constantFrom('active' as const, 'disabled' as const, 'revoked' as const),
      ...[times, fc.nat(2_000)],
      (status, expiresInMs, waitedMs) => {
        const expiresAtMs = NOW_MS + expiresInMs
        const link = linkOf(NOW_MS - waitedMs)
        const ends = replacementExpiry(link, { status, expiresAtMs }, NOW_MS)
        const leftMs = Math.max(0, expiresAtMs - link.createdAtMs)
        if (ends === undefined) expect(status === 'active' || leftMs === 0).toBe(true)
        else expect(Number(ends) - NOW_MS).toBeLessThanOrEqual(leftMs)
      },
    ),
    { numRuns: RUNS },
  )
})
