/** Who is recognised without a check: exactly those that a check would get as far as the limits. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LockgateConfig } from '../config/index.ts'
import { loadSettings } from '../config/index.ts'
import type { Decision } from '../core/decision.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { CheckRequest, Gate } from './gate.ts'

const ADDRESS = '203.0.113.7'
const OWNER = 'ada@example.com'
const QUICK = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }
const TIERS = {
  free: { limits: [{ name: 'minute', quota: 2, window: '1m' }] },
  gone: { limits: [] },
} as const

let clock: TestClock
let store: Store
let storeFails: boolean
let decided: string[]
let gate: Gate
beforeEach(async () => {
  clock = createTestClock()
  storeFails = false
  decided = []
  store = await openSqliteStore({ path: ':memory:' })
  gate = await open()
})
afterEach(() => gate.close())

/** With the same keys, but with nothing in its cache or its counters. */
async function open(config: LockgateConfig = {}): Promise<Gate> {
  const { settings } = await loadSettings({
    config: { keys: QUICK, tiers: TIERS, ip: { limits: [], failures: { quota: 5 } }, ...config },
  })
  return createGate({
    ...{ ...settings, clock, actor: 'test', counters: createMemoryCounters({ clock }) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    store: {
      ...store,
      close: () => Promise.resolve(),
      findKey: (keyId) =>
        storeFails ? Promise.reject(new Error('it is down')) : store.findKey(keyId),
    },
    metrics: {
      ...{ waited() {}, storeFailed() {}, auditWritten() {}, watch() {} },
      decided: (outcome) => void decided.push(outcome),
    },
  })
}

const requestOf = (presentedKey: string | undefined, more: Partial<CheckRequest> = {}) => ({
  ...{ presentedKey, address: ADDRESS, requestId: 'req_1', scope: 'read', ...more },
})

const codeOf = (decision: Decision): string => (decision.allowed ? 'allowed' : decision.code)

interface Case {
  readonly code: string
  /** Makes the state; resolves with what to ask for. */
  readonly arrange: () => Promise<CheckRequest>
}

const issued = async (more: object = {}) => gate.keys.issue({ owner: OWNER, ...more })
const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
const SAMPLE = 'sk_live_7Hq2mZ9x_QzK8vJ3nR5tY7wX2cV4bN6mL8kJ1hG3fD5sA9pO0iUy3Wbd2L'

const STATES: Readonly<Record<string, Case>> = {
  'no key': { code: 'missing_key', arrange: async () => requestOf(undefined) },
  'a mistyped key': {
    code: 'invalid_key',
    arrange: async () => requestOf(mistyped((await issued()).key)),
  },
  'an invented key': { code: 'invalid_key', arrange: async () => requestOf(SAMPLE) },
  'a revoked key': {
    code: 'invalid_key',
    async arrange() {
      const { key, record } = await issued()
      await gate.check(requestOf(key))
      await gate.keys.revoke(record.keyId)
      return requestOf(key)
    },
  },
  'a disabled key': {
    code: 'invalid_key',
    async arrange() {
      const { key, record } = await issued()
      await gate.keys.disable(record.keyId)
      return requestOf(key)
    },
  },
  'an expired key': {
    code: 'invalid_key',
    async arrange() {
      const { key } = await issued({ expiresAtMs: clock.wallMs() + 1_000 })
      await gate.check(requestOf(key))
      clock.advance(1_000)
      return requestOf(key)
    },
  },
  'a missing scope': {
    code: 'insufficient_scope',
    arrange: async () => requestOf((await issued()).key, { scope: 'write' }),
  },
  'a foreign address': {
    code: 'ip_not_allowed',
    arrange: async () => requestOf((await issued({ allowedAddresses: ['198.51.100.0/24'] })).key),
  },
  'a tier that is gone': {
    code: 'limiter_unavailable',
    async arrange() {
      const { key } = await issued({ tier: 'gone' })
      await gate.close()
      gate = await open({ tiers: { free: TIERS.free } })
      return requestOf(key)
    },
  },
  'a store that is down': {
    code: 'auth_unavailable',
    async arrange() {
      const { key } = await issued()
      await gate.close()
      gate = await open()
      storeFails = true
      return requestOf(key)
    },
  },
  'a blocked address': {
    code: 'too_many_failures',
    async arrange() {
      for (let guesses = 0; guesses < 6; guesses += 1) await gate.check(requestOf(SAMPLE))
      return requestOf(SAMPLE)
    },
  },
}

describe('what a check would deny before it asks the limits is denied in the same way', () => {
  test.each(Object.entries(STATES))('%s', async (_state, { code, arrange }) => {
    const request = await arrange()
    const recognised = await gate.recognise(request)
    const denied = await gate.check(request)
    expect(codeOf(denied)).toBe(code)
    expect(recognised).toEqual(denied)
    expect(decided.slice(-2)).toEqual([code, code])
  })

  test('and a gate that is closed', async () => {
    const request = requestOf((await issued()).key)
    await gate.close()
    expect(await gate.recognise(request)).toEqual(await gate.check(request))
  })
})

test('bad credentials are counted as in a check', async () => {
  for (let guesses = 0; guesses < 5; guesses += 1) {
    expect(await gate.recognise(requestOf(SAMPLE))).toMatchObject({ code: 'invalid_key' })
  }
  expect(await gate.check(requestOf(SAMPLE))).toMatchObject({ code: 'too_many_failures' })
})

test('who is recognised is named, and nothing is charged', async () => {
  const { key, record } = await issued()
  for (let asked = 0; asked < 10; asked += 1) {
    expect(await gate.recognise(requestOf(key))).toMatchObject({
      ...{ keyId: record.keyId, owner: OWNER, tier: 'free' },
    })
  }
  expect(decided).toEqual([])
  expect(codeOf(await gate.check(requestOf(key)))).toBe('allowed')
  expect(codeOf(await gate.check(requestOf(key)))).toBe('allowed')
  expect(codeOf(await gate.check(requestOf(key)))).toBe('rate_limited')
  // Over its limit it is still who it is.
  expect(await gate.recognise(requestOf(key))).toMatchObject({ keyId: record.keyId })
})

test('once it is verified it is recognised, and then checked, without anything to wait for', async () => {
  const { key } = await issued()
  await gate.recognise(requestOf(key))
  expect(gate.recognise(requestOf(key))).not.toBeInstanceOf(Promise)
  expect(gate.check(requestOf(key))).not.toBeInstanceOf(Promise)
})
