/** What is remembered when there is more to remember than room. */
import { describe, expect, test } from 'vitest'
import type { Limit } from '../../core/limits/limit.ts'
import { addressFailuresSubject, addressSubject, keySubject } from '../../core/subject.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters, type MemoryCounters } from './index.ts'

const limits: readonly Limit[] = [
  { name: 'ip', quota: 3, windowMs: 60_000, algorithm: 'sliding-window' },
]
const BLOCKED = addressSubject('203.0.113.7')

function admits(counters: MemoryCounters, subject: string, maxConcurrent?: number): boolean {
  const cap = maxConcurrent === undefined ? {} : { maxConcurrent }
  return counters.consume({ charges: [{ subject, limits, cost: 1, ...cap }] }).kind === 'admitted'
}

function block(counters: MemoryCounters, subject: string): void {
  for (let left = 4; left > 0; left -= 1) admits(counters, subject)
}

function flood(counters: MemoryCounters, count: number): void {
  for (let index = 0; index < count; index += 1) admits(counters, addressSubject(`flood ${index}`))
}

describe('a flood of addresses', () => {
  test('does not evict a blocked address, and memory holds as many as it was told', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock, maxAddresses: 1000 })
    block(counters, BLOCKED)
    for (let round = 0; round < 200; round += 1) {
      flood(counters, 1000)
      expect(admits(counters, BLOCKED)).toBe(false)
    }
    expect(counters.tracked).toBe(1000)
    clock.advance(60_000)
    expect(admits(counters, BLOCKED)).toBe(true)
  })

  test('does not evict a key, nor an address with bad credentials', () => {
    const counters = createMemoryCounters({ clock: createTestClock(), maxAddresses: 100 })
    const key = keySubject('7Hq2mZ9x')
    const failures = addressFailuresSubject('203.0.113.7')
    for (const subject of [key, failures]) {
      admits(counters, subject)
      admits(counters, subject)
    }
    flood(counters, 5000)
    for (const subject of [key, failures]) {
      expect(admits(counters, subject)).toBe(true)
      expect(admits(counters, subject)).toBe(false)
    }
  })

  test('evicts the least recently used first', () => {
    const counters = createMemoryCounters({ clock: createTestClock(), maxAddresses: 10 })
    const busy = addressSubject('198.51.100.1')
    admits(counters, busy)
    for (let index = 0; index < 50; index += 1) {
      flood(counters, 9)
      counters.peek({ charges: [{ subject: busy, limits, cost: 1 }] })
    }
    const outcome = counters.peek({ charges: [{ subject: busy, limits, cost: 1 }] })
    expect(outcome.kind !== 'stale-key' && outcome.limits[0]?.[0]?.remaining).toBe(2)
  })

  test('does not evict an address with requests in flight', () => {
    const counters = createMemoryCounters({ clock: createTestClock(), maxAddresses: 10 })
    expect(admits(counters, BLOCKED, 1)).toBe(true)
    flood(counters, 1000)
    expect(admits(counters, BLOCKED, 1)).toBe(false)
  })

  test('lets go of idle addresses as new ones come, before the room is used up', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock, maxAddresses: 1000 })
    flood(counters, 900)
    clock.advance(60_000)
    for (let index = 0; index < 300; index += 1) admits(counters, addressSubject(`new ${index}`))
    expect(counters.tracked).toBe(300)
  })
})

describe('when every subject is held', () => {
  test('a new address is admitted but not tracked, and the blocked ones stay blocked', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock, maxAddresses: 20 })
    const blocked = Array.from({ length: 20 }, (_, index) => addressSubject(`blocked ${index}`))
    for (const subject of blocked) block(counters, subject)
    for (let index = 0; index < 100; index += 1) {
      expect(admits(counters, addressSubject('newcomer'))).toBe(true)
    }
    expect(blocked.filter((subject) => admits(counters, subject))).toEqual([])
    expect(counters.tracked).toBe(20)
    clock.advance(60_000)
    block(counters, addressSubject('newcomer'))
    expect(admits(counters, addressSubject('newcomer'))).toBe(false)
  })

  test('a new key is tracked all the same', () => {
    const counters = createMemoryCounters({ clock: createTestClock(), maxKeys: 5 })
    const keys = Array.from({ length: 20 }, (_, index) => keySubject(`${index}`.padStart(8, '0')))
    for (const key of keys) block(counters, key)
    expect(keys.filter((key) => admits(counters, key))).toEqual([])
  })
})

test('a restored key that was not seen since is not forgotten for new ones', () => {
  const clock = createTestClock()
  const stopped = createMemoryCounters({ clock })
  const key = keySubject('7Hq2mZ9x')
  block(stopped, key)
  const counters = createMemoryCounters({ clock, maxKeys: 5 })
  counters.restoreUsage(stopped.takeUsage())
  for (let index = 0; index < 50; index += 1) {
    admits(counters, keySubject(`${index}`.padStart(8, '0')))
  }
  expect(admits(counters, key)).toBe(false)
})

test('the versions of keys are bounded; those that changed last are kept', () => {
  const counters = createMemoryCounters({ clock: createTestClock(), maxKeyVersions: 100 })
  for (let index = 0; index < 10_000; index += 1) counters.setKeyVersion(`${index}`, 2)
  const stale = (keyId: string): boolean =>
    counters.consume({ charges: [], key: { keyId, version: 1 } }).kind === 'stale-key'
  expect([stale('9999'), stale('9900'), stale('9899')]).toEqual([true, true, false])
})

test('200,000 distinct addresses hold no more storage than the room for them', () => {
  const counters = createMemoryCounters({ clock: createTestClock(), maxAddresses: 2000 })
  flood(counters, 10_000)
  const before = process.memoryUsage().arrayBuffers
  flood(counters, 200_000)
  expect(counters.tracked).toBe(2000)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
})
