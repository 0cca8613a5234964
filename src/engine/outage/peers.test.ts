import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { Peers } from './peers.ts'

let clock: TestClock
/** What the server answers; undefined: nothing. */
let alive: readonly string[] | undefined
let beats: number
let peers: Peers
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  clock = createTestClock()
  alive = ['a', 'b', 'c']
  beats = 0
  const heartbeat = async () => {
    beats += 1
    return alive
  }
  peers = new Peers({ instanceId: 'a', clock, heartbeat })
})
afterEach(() => {
  peers.stop()
  vi.useRealTimers()
})

async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  await vi.advanceTimersByTimeAsync(ms)
}

test('an instance that serves nothing takes no share; one that does says so once a second', async () => {
  await pass(5_000)
  expect(beats).toBe(0)
  expect(peers.sharers.count).toBe(1)
  peers.start()
  peers.start()
  await pass(3_000)
  expect(beats).toBe(4)
  expect(peers.sharers.count).toBe(3)
})

test('the list stands still while nothing is heard, and follows what is', async () => {
  peers.start()
  await pass(1_000)
  alive = undefined
  await pass(60_000)
  expect(peers.sharers.count).toBe(3)
  alive = ['a']
  await pass(1_000)
  expect(peers.sharers.count).toBe(1)
})

test('who was known before an outage counts until it had time to be seen again', async () => {
  peers.start()
  await pass(1_000)
  alive = ['a', 'd']
  peers.returned()
  await pass(4_000)
  expect(peers.sharers.count).toBe(4)
  await pass(1_000)
  expect(peers.sharers.count).toBe(2)
})

test('an instance that the server does not name counts itself', async () => {
  alive = []
  peers.start()
  await pass(1_000)
  expect(peers.sharers.count).toBe(1)
  expect(peers.sharers.rank('k7Hq2mZ9x', 'minute')).toBe(0)
})
