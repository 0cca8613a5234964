/** What the gate does while a part of it fails. The parts are real; a switch makes their calls fail. */
import { afterEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../config/index.ts'
import type { Decision } from '../core/decision.ts'
import type { Counters } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { Gate } from './gate.ts'

const OWNER = 'ada@example.com'
const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface Breakable {
  readonly gate: Gate
  readonly clock: ReturnType<typeof createTestClock>
  readonly broken: { store: boolean; counters: boolean }
}

let opened: Breakable | undefined
afterEach(async () => {
  if (opened === undefined) return
  opened.broken.store = false
  opened.broken.counters = false
  await opened.gate.close()
})

/** Every call of `part` fails while `isBroken`. The target is empty because parts are frozen. */
function breakable<Part extends Store | Counters>(part: Part, isBroken: () => boolean): Part {
  return new Proxy({} as Part, {
    has: (_, member) => member in part,
    get(_, member) {
      const value: unknown = Reflect.get(part, member)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (isBroken()) throw new Error('it is down')
        return Reflect.apply(value, part, args)
      }
    },
  })
}

async function open(): Promise<Breakable> {
  const clock = createTestClock()
  const broken = { store: false, counters: false }
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } } },
  })
  const gate = await createGate({
    ...settings,
    store: breakable(await openSqliteStore({ path: ':memory:' }), () => broken.store),
    counters: breakable(createMemoryCounters({ clock }), () => broken.counters),
    ...{ clock, log: silent, actor: 'test' },
  })
  opened = { gate, clock, broken }
  return opened
}

const ask = async (gate: Gate, presentedKey: string): Promise<Decision> =>
  gate.check({ presentedKey, address: '203.0.113.7', requestId: 'req_test' })

describe('while the store is down', () => {
  test('a key that was verified within the last minute goes on, then is not turned into a 401', async () => {
    const { gate, clock, broken } = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    broken.store = true
    clock.advance(59_000)
    expect((await ask(gate, key)).allowed).toBe(true)
    clock.advance(2_000)
    expect(await ask(gate, key)).toMatchObject({ code: 'auth_unavailable', retryAfterSeconds: 1 })
    broken.store = false
    clock.advance(1)
    expect((await ask(gate, key)).allowed).toBe(true)
  })

  test('a key that this process has not seen gets 503 auth_unavailable, never 401', async () => {
    const { gate, broken } = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    const other = await open()
    const stranger = await other.gate.keys.issue({ owner: OWNER })
    broken.store = true
    expect(await ask(gate, stranger.key)).toMatchObject({ code: 'auth_unavailable' })
    broken.store = false
    expect((await ask(gate, key)).allowed).toBe(true)
    await gate.close()
  })

  test('changes fail loudly and change nothing', async () => {
    const { gate, broken } = await open()
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    broken.store = true
    await expect(gate.keys.revoke(record.keyId)).rejects.toThrow('it is down')
    await expect(gate.keys.issue({ owner: OWNER })).rejects.toThrow('it is down')
    broken.store = false
    expect((await ask(gate, key)).allowed).toBe(true)
    expect(await gate.keys.list()).toHaveLength(1)
  })

  test('health says so, first that some can be served, then that nobody can', async () => {
    const { gate, clock, broken } = await open()
    expect(gate.health()).toMatchObject({ status: 'ready', checks: { store: { status: 'ok' } } })
    broken.store = true
    await expect(gate.keys.list()).rejects.toThrow('it is down')
    clock.advance(60_000)
    expect(gate.health().checks.store.status).toBe('degraded')
    clock.advance(1)
    expect(gate.health().checks.store.status).toBe('down')
    broken.store = false
    await gate.keys.list()
    expect(gate.health()).toMatchObject({ status: 'ready', reasons: [] })
  })

  test('no count of the audit log is lost: it is written when the store is back', async () => {
    const { gate, broken } = await open()
    await ask(gate, 'sk_live_bogus')
    broken.store = true
    await expect(gate.audit.flush()).rejects.toThrow('it is down')
    await ask(gate, 'sk_live_bogus')
    broken.store = false
    await gate.audit.flush()
    const rows = await gate.audit.tail({ event: 'auth.failed' })
    expect(rows.reduce((sum, { row }) => sum + row.count, 0)).toBe(2)
  })
})

describe('while the counters are down', () => {
  test('requests get 503 limiter_unavailable, and nothing is admitted uncounted', async () => {
    const { gate, broken } = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    broken.counters = true
    expect(await ask(gate, key)).toMatchObject({
      code: 'limiter_unavailable',
      retryAfterSeconds: 1,
    })
    broken.counters = false
    expect((await ask(gate, key)).allowed).toBe(true)
  })
})
