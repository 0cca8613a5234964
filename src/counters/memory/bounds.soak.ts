/** Five million distinct addresses: memory stays flat, and a blocked address stays blocked. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { addressSubject } from '../../core/subject.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters } from './index.ts'

const ADDRESSES = 5_000_000
const MIB = 2 ** 20
const limits = [{ name: 'ip', quota: 1200, windowMs: 60_000, algorithm: 'sliding-window' }] as const

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('5,000,000 distinct addresses: memory is flat, the blocked one stays blocked', () => {
  const clock = createTestClock()
  const counters = createMemoryCounters({ clock })
  const admits = (address: string): boolean => {
    const charges = [{ subject: addressSubject(address), limits, cost: 1 }]
    return counters.consume({ charges }).kind === 'admitted'
  }
  for (let left = 1200; left > 0; left -= 1) admits('blocked')
  let filledBytes = 0
  for (let index = 0; index < ADDRESSES; index += 1) {
    admits(`2001:db8:${index.toString(16)}::/64`)
    if (index === 500_000) filledBytes = usedBytes()
    if (index % 100_000 === 0) expect(admits('blocked')).toBe(false)
  }
  expect(counters.tracked).toBe(200_000)
  expect((usedBytes() - filledBytes) / MIB).toBeLessThan(16)
}, 300_000)

/** Bytes that are still referenced. */
function usedBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
