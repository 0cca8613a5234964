/** The life of a gate: what it does each second, what it leaves behind when it closes. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadSettings } from '../config/index.ts'
import { createKeyFormat } from '../core/key/format.ts'
import type { CheckpointedCounters, Counters } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { createGate, type GateParts } from './create-gate.ts'
import type { Gate } from './gate.ts'
import { createSecretHasher } from './secrets/hasher.ts'

const OWNER = 'ada@example.com'

let called: string[]
/** Methods of the store that fail. */
let broken: Set<string>
let logged: string[]
let shown: string[]
let gate: Gate
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  called = []
  broken = new Set()
  logged = []
  shown = []
})
afterEach(async () => {
  broken.clear()
  vi.useRealTimers()
  await gate.close()
})

async function open(more: Partial<GateParts> = {}): Promise<Gate> {
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } },
  })
  const clock = createTestClock()
  const note = (_fields: object, message: string) => void logged.push(message)
  const store = await openSqliteStore({ path: ':memory:' })
  const counters = createMemoryCounters({ clock })
  gate = await createGate({
    ...{ ...settings, clock, actor: 'test' },
    log: { debug: note, info: note, warn: note, error: note },
    store: watched('store', store),
    counters: watched('counters', counters),
    onAudit: (row) => shown.push(row.event),
    ...more,
  })
  called = []
  return gate
}

/** The target is empty because parts are frozen. */
function watched<Part extends Store | CheckpointedCounters>(name: string, part: Part): Part {
  return new Proxy({} as Part, {
    has: (_, member) => member in part,
    get(_, member) {
      const value: unknown = Reflect.get(part, member)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        called.push(`${name}.${String(member)}`)
        if (broken.has(String(member))) return Promise.reject(new Error('it is down'))
        return Reflect.apply(value, part, args)
      }
    },
  })
}

/** A round, and what it starts on the event loop. */
async function round(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const ask = async (presentedKey: string | undefined) =>
  gate.check({ presentedKey, address: '203.0.113.7', requestId: 'req_test' })

describe('each second', () => {
  test('what was refused and what was used reach the store, and new rows are shown', async () => {
    await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    await ask(key)
    await ask('bogus')
    expect(shown).toEqual([])
    await round()
    expect(called).toEqual(expect.arrayContaining(['store.appendAudit', 'store.saveUsage']))
    expect(shown).toEqual(['key.created', 'auth.failed'])
    await round()
    expect(shown).toHaveLength(2)
  })

  test('a failure is in health and, once, in the log, until it is over', async () => {
    await open()
    expect(gate.health()).toMatchObject({ status: 'ready', reasons: [] })
    broken.add('appendAudit')
    await ask('bogus')
    await round()
    await round()
    expect(gate.health()).toMatchObject({
      status: 'degraded',
      reasons: expect.arrayContaining(['audit cannot be saved']),
      checks: { audit: { status: 'degraded' } },
    })
    expect(logged).toHaveLength(1)
    broken.clear()
    await round()
    expect(gate.health().status).toBe('ready')
    expect(shown).toEqual(['auth.failed'])
  })
})

test('rows that were there before are not shown', async () => {
  const store = await openSqliteStore({ path: ':memory:' })
  const entry = { atMs: 1, event: 'key.created', keyId: 'aaaaaaaa', actor: 'test' } as const
  await store.appendAudit([{ ...entry, address: null, requestId: null, details: {}, count: 1 }])
  await open({ store })
  await ask('bogus')
  await round()
  expect(shown).toEqual(['auth.failed'])
})

describe('reading the log', () => {
  test.each([
    ['tail', () => gate.audit.tail()],
    ['read', () => gate.audit.read({ pageSize: 10 })],
  ])('with %s shows what was refused a moment ago', async (_, read) => {
    await open()
    await ask('bogus')
    expect(await read()).toHaveLength(1)
  })

  test('verifies every row, however many', async () => {
    await open()
    for (let i = 0; i < 2_500; i++) {
      await gate.check({
        presentedKey: 'bogus',
        address: `10.0.${i >> 8}.${i & 255}`,
        requestId: 'r',
      })
    }
    await gate.audit.flush()
    expect(await gate.audit.verify()).toMatchObject({ intact: true, rows: 2_500, chains: 1 })
  })
})

describe('closing', () => {
  test('writes and shows what is left, then closes counters and store, once', async () => {
    await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    await ask(key)
    await ask('bogus')
    called = []
    await Promise.all([gate.close(), gate.close()])
    expect(called.slice(-2)).toEqual(['counters.close', 'store.close'])
    expect(called.filter((name) => name.endsWith('.close'))).toHaveLength(2)
    expect(called).toEqual(expect.arrayContaining(['store.appendAudit', 'store.saveUsage']))
    expect(shown).toEqual(['key.created', 'auth.failed'])
  })

  test('ends the rounds', async () => {
    await open()
    await gate.close()
    called = []
    await round()
    expect(called).toEqual([])
  })

  test('closes counters and store also when the last write fails', async () => {
    await open()
    await ask('bogus')
    broken.add('appendAudit')
    await expect(gate.close()).rejects.toThrow('it is down')
    expect(called.slice(-2)).toEqual(['counters.close', 'store.close'])
    await open()
  })
})

test('a request that cannot be settled later is in the log, not an unhandled rejection', async () => {
  const memory = createMemoryCounters({ clock: createTestClock() })
  const counters: Counters = {
    consume: (request) => memory.consume(request),
    peek: (request) => memory.peek(request),
    settle: () => Promise.reject(new Error('connection lost')),
    setKeyVersion: () => {},
    close: () => {},
    nowMs: () => memory.nowMs(),
    seed: (seeds) => memory.seed(seeds),
    settleHold: (hold, actual) => memory.settleHold(hold, actual),
    spendStatus: (charges) => memory.spendStatus(charges),
  }
  await open({ counters })
  const { key } = await gate.keys.issue({ owner: OWNER })
  const decision = await ask(key)
  if (!decision.allowed) throw new Error(decision.code)
  gate.settle(decision)
  await new Promise((resolve) => setImmediate(resolve))
  expect(logged).toEqual(['a request could not be settled'])
})

test('a hash that cannot be renewed is in the log, and the request is admitted', async () => {
  await open()
  const { key, keyId, secret } = createKeyFormat('sk').generate('live')
  const old = createSecretHasher({
    ...{ hash: 'argon2id', bcrypt: { cost: 10 } },
    argon2id: { memoryKiB: 128, passes: 1, parallelism: 1 },
  })
  await gate.keys.importHash({ owner: OWNER, keyId, secretHash: await old.hash(secret) })
  broken.add('changeKey')
  expect((await ask(key)).allowed).toBe(true)
  await expect.poll(() => logged).toEqual(['the hash could not be renewed'])
  expect((await ask(key)).allowed).toBe(true)
})
