/** A gate whose shared counters go away: what its health and its audit log say of it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PluggableServer } from '../../../tests/outage/pluggable-server.ts'
import { loadSettings } from '../../config/index.ts'
import { createMemoryCounters } from '../../counters/memory/index.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { createGate } from '../create-gate.ts'
import type { Gate } from '../gate.ts'
import type { OutagePolicy } from './alone.ts'
import { createOutageCounters } from './outage-counters.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

let clock: TestClock
let server: PluggableServer
let storeFails: boolean
let gate: Gate
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  clock = createTestClock()
  server = new PluggableServer(clock)
  storeFails = false
})
afterEach(async () => {
  vi.useRealTimers()
  await gate.close()
})

async function open(policy: OutagePolicy, startInOutage = false): Promise<void> {
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } },
  })
  const local = createMemoryCounters({ clock })
  const store = await openSqliteStore({ path: ':memory:' })
  const counters = createOutageCounters({
    ...{ shared: server.connect(), local, policy, clock, instanceId: 'one', startInOutage, log },
  })
  gate = await createGate({
    ...{ ...settings, counters, clock, log, actor: 'test' },
    store: {
      ...store,
      appendAudit: (entries) =>
        storeFails ? Promise.reject(new Error('it is down')) : store.appendAudit(entries),
    },
  })
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(100)
    await vi.advanceTimersByTimeAsync(100)
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setImmediate(next))
  }
}

const ask = async (presentedKey: string | undefined) =>
  gate.check({ presentedKey, address: '203.0.113.7', requestId: 'req_1' })

async function recorded() {
  const rows = await gate.audit.tail()
  const outages = rows.filter(({ row }) => row.event.startsWith('outage.'))
  return outages.map(({ row }) => ({ event: row.event, keyId: row.keyId, ...row.details }))
}

describe('an outage', () => {
  test('is in health while it lasts, and in the audit log with what it cost', async () => {
    await open('local')
    const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
    expect((await ask(key)).allowed).toBe(true)
    server.plug = 'refusing'
    const since = new Date(clock.wallMs()).toISOString()
    expect((await ask(key)).allowed).toBe(true)
    expect((await ask(key)).allowed).toBe(true)
    const reason = `counters unreachable since ${since}: each instance enforces its share`
    expect(gate.health()).toMatchObject({ status: 'degraded', reasons: [reason] })
    const about = { keyId: null, reason: 'unreachable', policy: 'local' }
    expect(await recorded()).toEqual([{ event: 'outage.began', ...about }])
    server.plug = 'in'
    await pass(2_000)
    expect(gate.health().status).toBe('ready')
    const cost = { duration_ms: 200, local_decisions: 2 }
    expect((await recorded())[1]).toEqual({ event: 'outage.ended', ...about, ...cost })
    expect((await gate.audit.verify()).intact).toBe(true)
  })

  test('is recorded once the store is back, when both were away', async () => {
    await open('local', true)
    storeFails = true
    await pass(3_000)
    expect(gate.health().reasons).toContain('audit cannot be saved')
    storeFails = false
    await pass(1_000)
    expect((await recorded()).map(({ event }) => event)).toEqual(['outage.began', 'outage.ended'])
  })

  test('by the policy "closed" is 503 limiter_unavailable, whoever asks', async () => {
    await open('closed')
    const known = await gate.keys.issue({ owner: 'ada@example.com' })
    const unseen = await gate.keys.issue({ owner: 'bob@example.com' })
    expect((await ask(known.key)).allowed).toBe(true)
    server.plug = 'refusing'
    const bogus = `${known.key.slice(0, -1)}${known.key.endsWith('0') ? '1' : '0'}`
    for (const key of [known.key, unseen.key, bogus, undefined]) {
      expect(await ask(key)).toMatchObject({ code: 'limiter_unavailable', retryAfterSeconds: 1 })
    }
    expect(await gate.countRefused('203.0.113.7', 'req_2')).toMatchObject({
      code: 'limiter_unavailable',
    })
    expect(gate.health().reasons[0]).toMatch(/: requests are refused$/)
  })
})
