/** Two gates on one database that cannot tell of changes, each with counters of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadSettings } from '../config/index.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { Gate } from './gate.ts'

let folder: string
let clock: TestClock
/** The store of the second gate does not answer. */
let down: boolean
let queries: number
let ours: Gate
let theirs: Gate
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  folder = await mkdtemp(join(tmpdir(), 'lockgate-feed-'))
  clock = createTestClock()
  down = false
  queries = 0
  ours = await open((store) => store)
  theirs = await open(asynchronous)
})
afterEach(async () => {
  down = false
  vi.useRealTimers()
  await Promise.all([ours.close(), theirs.close()])
  await rm(folder, { recursive: true })
})

/** As a database server is: it fails by rejecting, and knows nothing of other writers. */
function asynchronous(store: Store): Store {
  const orDown = async <T>(call: () => Promise<T>): Promise<T> => {
    if (down) throw new Error('it is down')
    return call()
  }
  return {
    ...store,
    tellsOfChanges: false,
    externalRevision: () => 0,
    findKey(keyId) {
      queries += 1
      return orDown(() => store.findKey(keyId))
    },
    readAudit: (query) => orDown(() => store.readAudit(query)),
    readAuditTail: (query) => orDown(() => store.readAuditTail(query)),
  }
}

async function open(wrap: (store: Store) => Store): Promise<Gate> {
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } },
  })
  const store = wrap(await openSqliteStore({ path: join(folder, 'lockgate.db') }))
  return createGate({
    ...{ ...settings, store, counters: createMemoryCounters({ clock }), clock, actor: 'test' },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    clock.advance(Math.min(left, 1_000))
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000))
    for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next))
  }
}

const ask = async (presentedKey: string) => {
  const decision = await theirs.check({ presentedKey, address: undefined, requestId: 'req_1' })
  return decision.allowed ? 'allowed' : decision.code
}

describe('a change by another instance', () => {
  test('is seen within two seconds, without any counters to tell of it', async () => {
    const { key, record } = await ours.keys.issue({ owner: 'ada@example.com' })
    expect(await ask(key)).toBe('allowed')
    await ours.keys.disable(record.keyId)
    await pass(2_000)
    expect(await ask(key)).toBe('invalid_key')
    await ours.keys.enable(record.keyId)
    await pass(2_000)
    expect(await ask(key)).toBe('allowed')
  })

  test('makes no key be asked for that did not change', async () => {
    const { key } = await ours.keys.issue({ owner: 'ada@example.com' })
    const other = await ours.keys.issue({ owner: 'bob@example.com' })
    expect(await ask(key)).toBe('allowed')
    await pass(2_000)
    expect(await ask(key)).toBe('allowed')
    queries = 0
    await ours.keys.revoke(other.record.keyId)
    await pass(2_000)
    expect(await ask(key)).toBe('allowed')
    expect(queries).toBe(0)
  })
})

describe('while such a store is down', () => {
  test('keys that were confirmed in the last minute go on without a query, then get 503', async () => {
    const { key } = await ours.keys.issue({ owner: 'ada@example.com' })
    const { key: stranger } = await ours.keys.issue({ owner: 'bob@example.com' })
    expect(await ask(key)).toBe('allowed')
    await pass(300_000)
    expect(await ask(key)).toBe('allowed')
    down = true
    await pass(55_000)
    queries = 0
    expect(await ask(key)).toBe('allowed')
    expect(queries).toBe(0)
    expect(await ask(stranger)).toBe('auth_unavailable')
    expect(theirs.health().reasons).toContain('changes of keys cannot be read')
    await pass(7_000)
    expect(await ask(key)).toBe('auth_unavailable')
    down = false
    await pass(1_000)
    expect(await ask(key)).toBe('allowed')
    expect(theirs.health().status).toBe('ready')
  })

  test('a change is seen within two seconds of its return', async () => {
    const { key, record } = await ours.keys.issue({ owner: 'ada@example.com' })
    expect(await ask(key)).toBe('allowed')
    down = true
    await pass(5_000)
    await ours.keys.revoke(record.keyId)
    await pass(5_000)
    expect(await ask(key)).toBe('allowed')
    down = false
    await pass(2_000)
    expect(await ask(key)).toBe('invalid_key')
  })

  test('every key is asked for anew after it, for another server may have taken over', async () => {
    const { key } = await ours.keys.issue({ owner: 'ada@example.com' })
    expect(await ask(key)).toBe('allowed')
    await pass(2_000)
    expect(await ask(key)).toBe('allowed')
    down = true
    await pass(2_000)
    down = false
    await pass(2_000)
    queries = 0
    expect(await ask(key)).toBe('allowed')
    expect(queries).toBe(1)
  })
})
