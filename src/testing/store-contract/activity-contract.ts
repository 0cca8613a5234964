/** What a store promises about activity: sums that add up, whoever saves them, within bounds. */
import assert from 'node:assert/strict'
import type { ActivityDelta } from '../../core/ports/activity.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { DAY_MS } from './leak-samples.ts'
import { HOSTILE_TEXTS, rejectsWith, START_MS } from './samples.ts'

const HOUR_MS = 3_600_000
const THIS_HOUR_MS = Math.floor(START_MS / HOUR_MS) * HOUR_MS

/** `requests` of each network, all at `atMs`. */
function used(
  keyId: string,
  atMs: number,
  networks: Readonly<Record<string, number>> = { '192.0.2.0/24': 1 },
): ActivityDelta {
  const counts = Object.entries(networks)
  return {
    keyId,
    hourStartMs: Math.floor(atMs / HOUR_MS) * HOUR_MS,
    requests: counts.reduce((sum, [, requests]) => sum + requests, 0),
    lastUsedAtMs: atMs,
    networks: counts.map(([network, requests]) => ({ network, requests, lastUsedAtMs: atMs })),
  }
}

const activityOf = async (store: Store, keyId: string) => {
  const [activity] = await store.findActivity([keyId])
  return activity ?? assert.fail('it was never used')
}

export function activityContract(tests: StoreTests): void {
  sumContract(tests)
  boundContract(tests)
}

function sumContract({ test, durableTest }: StoreTests): void {
  test('what is saved adds up by key, network and hour', async (store) => {
    const [one, two] = ['192.0.2.0/24', '2001:db8::/48']
    const nextMs = START_MS + HOUR_MS
    await store.saveActivity([
      used('ActiveK1', START_MS, { [one]: 3, [two]: 1 }),
      used('ActiveK1', nextMs, { [one]: 5 }),
      used('ActiveK1', nextMs + 1, { [one]: 1 }),
    ])
    await store.saveActivity([used('ActiveK1', nextMs + 2, { [one]: 10 })])
    assert.deepEqual(await activityOf(store, 'ActiveK1'), {
      keyId: 'ActiveK1',
      requests: 20,
      firstUsedAtMs: START_MS,
      lastUsedAtMs: nextMs + 2,
      networks: [
        { network: one, requests: 19, firstUsedAtMs: START_MS, lastUsedAtMs: nextMs + 2 },
        { network: two, requests: 1, firstUsedAtMs: START_MS, lastUsedAtMs: START_MS },
      ],
      hours: [
        { startMs: THIS_HOUR_MS, requests: 4 },
        { startMs: THIS_HOUR_MS + HOUR_MS, requests: 16 },
      ],
    })
  })

  test('what comes late from another process changes no newer time', async (store) => {
    await store.saveActivity([used('ActiveK1', START_MS)])
    await store.saveActivity([used('ActiveK1', START_MS - 7)])
    const { firstUsedAtMs, lastUsedAtMs, networks } = await activityOf(store, 'ActiveK1')
    assert.deepEqual([firstUsedAtMs, lastUsedAtMs], [START_MS - 7, START_MS])
    const [network] = networks
    assert.deepEqual(
      [network?.firstUsedAtMs, network?.lastUsedAtMs, network?.requests],
      [START_MS - 7, START_MS, 2],
    )
  })

  test('many saves at once lose nothing', async (store) => {
    const saves = Array.from({ length: 20 }, () =>
      store.saveActivity([used('ActiveK1', START_MS), used('ActiveK2', START_MS)]),
    )
    await Promise.all(saves)
    for (const keyId of ['ActiveK1', 'ActiveK2']) {
      const { requests, networks } = await activityOf(store, keyId)
      assert.deepEqual([requests, networks[0]?.requests], [20, 20])
    }
  })

  test('only keys that were used are found, however often they are asked for', async (store) => {
    await store.saveActivity([])
    await store.saveActivity(HOSTILE_TEXTS.map((text) => used(text, START_MS, { [text]: 1 })))
    const found = await store.findActivity([...HOSTILE_TEXTS, ...HOSTILE_TEXTS, 'Unused01'])
    assert.deepEqual(found.map(({ keyId }) => keyId).sort(), [...HOSTILE_TEXTS].sort())
    for (const { keyId, networks } of found) assert.equal(networks[0]?.network, keyId)
    assert.deepEqual(await store.findActivity([]), [])
  })

  test('active keys are listed by key_id in pages', async (store) => {
    const keyIds = ['ActiveK3', 'ActiveK1', 'ActiveK4', 'ActiveK2']
    await store.saveActivity(keyIds.map((keyId, index) => used(keyId, START_MS - index)))
    const sinceMs = START_MS - 2
    const first = await store.listActiveKeys({ sinceMs, pageSize: 2 })
    assert.deepEqual(first, ['ActiveK1', 'ActiveK3'])
    const rest = await store.listActiveKeys({ sinceMs, pageSize: 2, after: 'ActiveK3' })
    assert.deepEqual(rest, ['ActiveK4'])
    await rejectsWith('invalid_parameter', store.listActiveKeys({ sinceMs, pageSize: 1001 }))
  })

  durableTest('activity is there after the store is opened again', async (store, under) => {
    await store.saveActivity([used('ActiveK1', START_MS)])
    const before = await store.findActivity(['ActiveK1'])
    await store.close()
    const again = await under.reopen()
    try {
      assert.deepEqual(await again.findActivity(['ActiveK1']), before)
    } finally {
      await again.close()
    }
  })
}

function boundContract({ test }: StoreTests): void {
  test('the 64 newest networks of a key are kept', async (store) => {
    const networks = Array.from({ length: 100 }, (_, index) => `network ${index}`)
    const deltas = networks.map((network, index) => {
      return used('ActiveK1', START_MS + index, { [network]: 1 })
    })
    await store.saveActivity([used('ActiveK2', START_MS), ...deltas.slice(0, 80)])
    await store.saveActivity(deltas.slice(80))
    const kept = (await activityOf(store, 'ActiveK1')).networks.map(({ network }) => network)
    assert.deepEqual(kept, networks.slice(36).reverse())
    assert.equal((await activityOf(store, 'ActiveK1')).requests, 100)
    assert.equal((await activityOf(store, 'ActiveK2')).networks.length, 1)
  })

  test('networks are kept for 30 days and hours for 8, then they go', async (store) => {
    const use = (day: number) =>
      store.saveActivity([used('ActiveK1', START_MS + day * DAY_MS, { [`day ${day}`]: 1 })])
    const kept = async () => {
      const { networks, hours } = await activityOf(store, 'ActiveK1')
      const days = hours.map(({ startMs }) => Math.round((startMs - THIS_HOUR_MS) / DAY_MS))
      return [networks.map(({ network }) => network), days]
    }
    await use(0)
    await use(7)
    assert.deepEqual(await kept(), [
      ['day 7', 'day 0'],
      [0, 7],
    ])
    await use(29)
    assert.deepEqual(await kept(), [['day 29', 'day 7', 'day 0'], [29]])
    // Any key's use lets go of what is old of all of them.
    await store.saveActivity([used('ActiveK2', START_MS + 30 * DAY_MS)])
    assert.deepEqual(await kept(), [['day 29', 'day 7'], [29]])
    assert.equal((await activityOf(store, 'ActiveK1')).requests, 3)
  })
}
