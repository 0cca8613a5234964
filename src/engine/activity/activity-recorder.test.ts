import { beforeEach, describe, expect, test } from 'vitest'
import type { ActivityDelta } from '../../core/ports/activity.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { ActivityRecorder } from './activity-recorder.ts'

const HOUR_MS = 3_600_000
const KEY = '7Hq2mZ9x'
const START_MS = 1_750_000_000_000
const hourOf = (atMs: number) => atMs - (atMs % HOUR_MS)

let clock: TestClock
let saved: ActivityDelta[][]
let broken: boolean
/** Saves that wait for the test to let them go on. */
let held: PromiseWithResolvers<void> | undefined
let recorder: ActivityRecorder
beforeEach(() => {
  clock = createTestClock(START_MS)
  saved = []
  broken = false
  held = undefined
  const store = {
    async saveActivity(deltas: readonly ActivityDelta[]) {
      await held?.promise
      if (broken) throw new Error('the disk is full')
      saved.push([...deltas])
    },
    findActivity: async () => [],
  }
  recorder = new ActivityRecorder(store, clock)
})

function record(count: number, address?: string, keyId = KEY): void {
  for (let made = 0; made < count; made++) recorder.record(keyId, address)
}

const sum = (counts: readonly { readonly requests: number }[]) =>
  counts.reduce((total, { requests }) => total + requests, 0)

describe('what is saved', () => {
  test('requests, by hour and by network, and when the last one was', async () => {
    record(2, '203.0.113.7')
    clock.advance(10)
    record(1, '203.0.113.200')
    record(1, '2001:db8:1::9')
    record(1)
    await recorder.save()
    const atMs = START_MS + 10
    expect(saved).toEqual([
      [
        {
          ...{ keyId: KEY, hourStartMs: hourOf(START_MS), requests: 5, lastUsedAtMs: atMs },
          networks: [
            { network: '203.0.113.0/24', requests: 3, lastUsedAtMs: atMs },
            { network: '2001:db8:1::/48', requests: 1, lastUsedAtMs: atMs },
          ],
        },
      ],
    ])
  })

  test('each request once, and nothing when nothing was used', async () => {
    record(3)
    await recorder.save()
    await recorder.save()
    expect(saved).toHaveLength(1)
    record(1)
    await recorder.save()
    expect(saved.flat().map(({ requests }) => requests)).toEqual([3, 1])
  })

  test('an hour for itself, though the clock is set back to it', async () => {
    record(1, '203.0.113.7')
    clock.advance(HOUR_MS)
    record(2, '203.0.113.7')
    clock.jumpWall(-HOUR_MS)
    record(4, '203.0.113.7')
    await recorder.save()
    expect(saved[0]).toMatchObject([
      { hourStartMs: hourOf(START_MS), requests: 5, networks: [{ requests: 5 }] },
      { hourStartMs: hourOf(START_MS) + HOUR_MS, requests: 2, networks: [{ requests: 2 }] },
    ])
  })

  test('text that is no address counts for the key alone', async () => {
    record(2, 'unix socket')
    await recorder.save()
    expect(saved[0]).toMatchObject([{ requests: 2, networks: [] }])
  })
})

describe('a save that fails', () => {
  test('is saved later, with what came meanwhile, in one piece for each hour', async () => {
    record(2, '203.0.113.7')
    held = Promise.withResolvers()
    const failing = recorder.save()
    await Promise.resolve()
    record(3, '203.0.113.7')
    record(1, '198.51.100.1')
    record(1, '198.51.100.1', 'bbbbbbbb')
    broken = true
    held.resolve()
    await expect(failing).rejects.toThrow('the disk is full')
    await expect(recorder.save()).rejects.toThrow('the disk is full')
    broken = false
    await recorder.save()
    expect(saved).toHaveLength(1)
    const ofKey = saved[0]?.filter(({ keyId }) => keyId === KEY)
    expect(ofKey).toMatchObject([
      {
        requests: 6,
        networks: [
          { network: '203.0.113.0/24', requests: 5 },
          { network: '198.51.100.0/24', requests: 1 },
        ],
      },
    ])
    expect(sum(saved.flat())).toBe(7)
  })

  test('for days keeps every request, in 24 hours of a key', async () => {
    broken = true
    for (let hour = 0; hour < 60; hour++) {
      record(2, `10.0.${hour}.1`)
      await recorder.save().catch(() => undefined)
      clock.advance(HOUR_MS)
    }
    broken = false
    await recorder.save()
    const hours = saved[0] ?? []
    expect(hours).toHaveLength(24)
    expect(hours.map(({ requests }) => requests)).toEqual([37 * 2, ...Array(23).fill(2)])
    expect(hours[0]?.networks).toHaveLength(37)
    expect(sum(hours.flatMap(({ networks }) => networks))).toBe(120)
  })

  test('in the middle saves nothing twice', async () => {
    for (let key = 0; key < 600; key++) record(1, undefined, `k${key}`.padEnd(8, '_'))
    const saving = recorder.save()
    const rejected = expect(saving).rejects.toThrow('the disk is full')
    await new Promise((resolve) => setImmediate(resolve))
    broken = true
    await rejected
    expect(saved.length).toBeGreaterThan(0)
    broken = false
    await recorder.save()
    expect(new Set(saved.flat().map(({ keyId }) => keyId)).size).toBe(600)
    expect(sum(saved.flat())).toBe(600)
  })
})

describe('memory', () => {
  test('holds 64 networks of a key; a request from any other counts all the same', async () => {
    for (let network = 0; network < 100; network++) record(2, `10.0.${network}.1`)
    record(1, '10.0.99.1')
    record(1, '10.0.0.1')
    await recorder.save()
    const [delta] = saved[0] ?? []
    expect(delta?.requests).toBe(202)
    expect(delta?.networks).toHaveLength(64)
    expect(sum(delta?.networks ?? [])).toBe(129)
  })

  test('holds networks of 10,000 keys; requests of any other count all the same', async () => {
    for (let key = 0; key < 10_001; key++) record(1, '203.0.113.7', `k${key}`.padEnd(8, '_'))
    await recorder.save()
    const deltas = saved.flat()
    expect(sum(deltas)).toBe(10_001)
    expect(deltas.filter(({ networks }) => networks.length === 1)).toHaveLength(10_000)
  })

  test('a write holds a hundred keys, so that others need not wait for long', async () => {
    for (let key = 0; key < 1_000; key++) record(1, undefined, `k${key}`.padEnd(8, '_'))
    await recorder.save()
    expect(Math.max(...saved.map((deltas) => deltas.length))).toBeLessThanOrEqual(100)
  })
})
