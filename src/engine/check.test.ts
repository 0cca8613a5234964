/** Decisions in the corners: stale versions, counters that wait or fail, what is counted where. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LockgateConfig } from '../config/index.ts'
import { loadSettings } from '../config/index.ts'
import type { Decision } from '../core/decision.ts'
import { encodeUint32 } from '../core/key/base62.ts'
import { CRC32_START, createCrc32, finishCrc32 } from '../core/key/crc32.ts'
import { createKeyFormat } from '../core/key/format.ts'
import type { ConsumeOutcome, ConsumeRequest, Counters } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { CheckRequest, Gate } from './gate.ts'
import { createSecretHasher } from './secrets/hasher.ts'

const OWNER = 'ada@example.com'
const ADDRESS = '203.0.113.7'
const QUICK = { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } }

let clock: TestClock
let store: Store
let counters: Counters
let consumed: ConsumeRequest[]
/** Set: what `consume` answers instead. */
let answer: ((request: ConsumeRequest) => ConsumeOutcome | Promise<ConsumeOutcome>) | undefined
let logged: string[]
let gate: Gate | undefined
beforeEach(() => {
  clock = createTestClock()
  consumed = []
  answer = undefined
  logged = []
})
afterEach(() => gate?.close())

async function open(config: LockgateConfig = {}): Promise<Gate> {
  const { settings } = await loadSettings({ config: { keys: QUICK, ...config } })
  store = await openSqliteStore({ path: ':memory:' })
  counters = createMemoryCounters({ clock })
  const log = (fields: object, message: string) =>
    void logged.push(JSON.stringify({ ...fields, message }))
  gate = await createGate({
    ...settings,
    ...{ store, clock, actor: 'test', log: { debug: log, info: log, warn: log, error: log } },
    counters: {
      ...counters,
      peek: counters.peek.bind(counters),
      settle: counters.settle.bind(counters),
      setKeyVersion: counters.setKeyVersion.bind(counters),
      close: () => {},
      consume(request) {
        consumed.push(request)
        return answer === undefined ? counters.consume(request) : answer(request)
      },
    },
  })
  return gate
}

/** Another gate on the same store and counters, which has verified no key yet. */
async function openBeside(config: LockgateConfig = {}): Promise<Gate> {
  const { settings } = await loadSettings({ config: { keys: QUICK, ...config } })
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  return createGate({ ...settings, store, counters, clock, log: silent, actor: 'test' })
}

const ask = async (
  of: Gate,
  presentedKey: string | undefined,
  more: Partial<CheckRequest> = {},
): Promise<Decision> => of.check({ presentedKey, address: ADDRESS, requestId: 'req_test', ...more })

async function verifiedKey(of: Gate, more: object = {}) {
  const issued = await of.keys.issue({ owner: OWNER, ...more })
  expect((await ask(of, issued.key)).allowed).toBe(true)
  consumed = []
  return { ...issued, keyId: issued.record.keyId }
}

const { secretOf } = createKeyFormat('sk')
/** A key as the format makes it, of parts that were chosen. */
function keyOf(keyId: string, secret: string): string {
  const body = `sk_live_${keyId}_${secret}`
  const crc32 = createCrc32()
  return body + encodeUint32(finishCrc32(crc32(body, 0, body.length, CRC32_START)))
}
const hasherOf = (memoryKiB: number) =>
  createSecretHasher({
    ...{ hash: 'argon2id', bcrypt: { cost: 10 } },
    argon2id: { memoryKiB, passes: 1, parallelism: 1 },
  })
const rows = async (of: Gate) => (await of.audit.tail()).map(({ row }) => row)
const routeOf = (id: string, quota = 5) => ({
  id,
  limits: [{ name: id, quota, windowMs: 60_000, algorithm: 'sliding-window' }] as const,
})

describe('a refusal that no limit of the key pays for', () => {
  const ip = { limits: [{ name: 'ip', quota: 3, window: '1m' }] }

  test.each([
    ['insufficient_scope', {}, { scope: 'write' }],
    ['ip_not_allowed', { allowedAddresses: ['198.51.100.0/24'] }, {}],
  ])('%s counts as a request of its address', async (code, restriction, more) => {
    const of = await open({ ip })
    const { key } = await of.keys.issue({ owner: OWNER, ...restriction })
    for (let i = 0; i < 3; i++) expect(await ask(of, key, more)).toMatchObject({ code })
    expect(await ask(of, key, more)).toMatchObject({ code: 'rate_limited', limitName: 'ip' })
    expect((await rows(of)).at(-1)).toMatchObject({ event: 'limit.exceeded', count: 1 })
  })

  test('is not counted again where an outer check has', async () => {
    const of = await open({ ip })
    const { key } = await of.keys.issue({ owner: OWNER })
    const more = { routeOnly: true, scope: 'write', route: routeOf('images') }
    for (let i = 0; i < 5; i++) {
      expect(await ask(of, key, more)).toMatchObject({ code: 'insufficient_scope' })
    }
  })
})

test('a closed gate admits nobody: 503, not what fresh counters would say', async () => {
  const of = await open()
  const { key } = await verifiedKey(of)
  await of.close()
  for (const presented of [key, 'bogus', undefined]) {
    expect(await ask(of, presented)).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 })
  }
  expect(await of.countRefused(ADDRESS, 'req_test')).toMatchObject({ code: 'overloaded' })
})

describe('the version of a key', () => {
  test('goes with every decision, so that one trip is enough', async () => {
    const of = await open()
    const { key, keyId } = await verifiedKey(of)
    await ask(of, key)
    expect(consumed.map((request) => request.key)).toMatchObject([{ keyId, version: 1 }])
  })

  test('that is older than the counters know makes the key be loaded and decided again', async () => {
    const of = await open()
    const { key, keyId } = await verifiedKey(of)
    await store.changeKey(keyId, { kind: 'disable' }, null)
    await counters.setKeyVersion(keyId, 2)
    expect(await ask(of, key)).toMatchObject({ code: 'invalid_key' })
    await store.changeKey(keyId, { kind: 'enable' }, null)
    await counters.setKeyVersion(keyId, 3)
    expect(await ask(of, key)).toMatchObject({ code: 'invalid_key' })
    await of.keys.disable(keyId)
    await of.keys.enable(keyId)
    expect((await ask(of, key)).allowed).toBe(true)
  })

  test('that stays behind is not chased for ever: 503, never 401', async () => {
    const of = await open()
    const { key } = await verifiedKey(of)
    answer = () => ({ kind: 'stale-key', version: 99 })
    expect(await ask(of, key)).toMatchObject({ code: 'auth_unavailable', retryAfterSeconds: 1 })
    expect(consumed.length).toBeLessThanOrEqual(4)
  })

  test('changed by a renewed hash lets the same secret through without a new proof', async () => {
    const of = await open()
    const { key, keyId, record } = await verifiedKey(of)
    const to = await hasherOf(2048).hash(secretOf(key))
    await store.changeKey(keyId, { kind: 'rehash', from: record.secretHash, to }, null)
    await counters.setKeyVersion(keyId, 2)
    expect((await ask(of, key)).allowed).toBe(true)
    expect((await ask(of, key)).allowed).toBe(true)
  })
})

describe('a hash with old parameters', () => {
  test('is renewed by the first check, and the key goes on working', async () => {
    const of = await open()
    const { key, record } = await of.keys.issue({ owner: OWNER })
    const to = await hasherOf(512).hash(secretOf(key))
    await store.changeKey(record.keyId, { kind: 'rehash', from: record.secretHash, to }, null)
    await counters.setKeyVersion(record.keyId, 2)
    const again = await openBeside()
    expect((await ask(again, key)).allowed).toBe(true)
    await expect
      .poll(async () => (await store.findKey(record.keyId))?.secretHash)
      .toContain('m=1024')
    expect((await store.findKey(record.keyId))?.version).toBe(3)
    for (let i = 0; i < 3; i++) expect((await ask(again, key)).allowed).toBe(true)
    expect((await rows(again)).map(({ event }) => event)).toEqual(['key.created'])
  })
})

test('when the hashing pool is full, 503 overloaded, and only for keys not verified yet', async () => {
  const of = await open({ keys: { ...QUICK, hashing: { running: 1, queued: 1 } }, ip: false })
  const { key } = await verifiedKey(of)
  const keys = await Promise.all(Array.from({ length: 20 }, () => of.keys.issue({ owner: OWNER })))
  const flood = Promise.all(keys.map((issued) => ask(of, issued.key)))
  expect((await ask(of, key)).allowed).toBe(true)
  const refused = (await flood).filter(({ allowed }) => !allowed)
  expect(refused).toHaveLength(18)
  expect(new Set(refused.map((denied) => JSON.stringify(denied)))).toEqual(
    new Set(['{"allowed":false,"code":"overloaded","retryAfterSeconds":1,"limits":[]}']),
  )
  expect((await rows(of)).some(({ event }) => event === 'auth.failed')).toBe(false)
})

describe('counters that answer later', () => {
  test('decide the same', async () => {
    const of = await open()
    const { key } = await verifiedKey(of)
    answer = async (request) => counters.consume(request)
    expect((await ask(of, key)).allowed).toBe(true)
    expect(await ask(of, 'bogus')).toMatchObject({ code: 'invalid_key' })
  })

  test('and fail: 503 limiter_unavailable, with the reason in the log only', async () => {
    const of = await open()
    const { key } = await verifiedKey(of)
    answer = () => Promise.reject(new Error('connection lost'))
    for (const presented of [key, 'bogus', undefined]) {
      expect(await ask(of, presented)).toMatchObject({
        code: 'limiter_unavailable',
        retryAfterSeconds: 1,
      })
    }
    expect(logged.filter((line) => line.includes('req_test'))).toHaveLength(3)
  })
})

describe('a cost', () => {
  test('is taken from the key and from the route, 1 from the address', async () => {
    const of = await open()
    const { key } = await verifiedKey(of)
    await ask(of, key, { cost: 3, route: routeOf('images') })
    expect(consumed[0]?.charges.map(({ subject, cost }) => [subject.slice(0, 1), cost])).toEqual([
      ['k', 3],
      ['r', 3],
      ['i', 1],
    ])
  })
})

describe('an inner check', () => {
  test('takes from its route only, and has nothing to settle', async () => {
    const of = await open({ tiers: { free: { limits: [], maxConcurrent: 1 } } })
    const { key } = await of.keys.issue({ owner: OWNER })
    const outer = await ask(of, key)
    if (!outer.allowed) throw new Error(outer.code)
    expect(outer.mustSettle).toBe(true)
    consumed = []
    const inner = await ask(of, key, { routeOnly: true, route: routeOf('images', 1) })
    if (!inner.allowed) throw new Error(inner.code)
    expect(inner.mustSettle).toBe(false)
    expect(inner.limits.map(({ name }) => name)).toEqual(['images'])
    expect(consumed[0]?.charges.map(({ subject }) => subject.slice(0, 1))).toEqual(['r'])
    const refused = await ask(of, key, { routeOnly: true, route: routeOf('images', 1) })
    expect(refused).toMatchObject({ code: 'rate_limited', limitName: 'images' })
    expect(refused.limits.map(({ name }) => name)).toEqual(['images'])
  })
})

describe('a refusal by the address', () => {
  const ip = { limits: [{ name: 'ip', quota: 1, window: '1m' }] }

  test("shows the address's limits, not the key's, and is on record under the key", async () => {
    const of = await open({ ip })
    const { key, keyId } = await verifiedKey(of)
    const refused = await ask(of, key)
    expect(refused).toMatchObject({ code: 'rate_limited', limitName: 'ip', keyId })
    expect(refused.limits.map(({ name }) => name)).toEqual(['ip'])
    const [, row] = await rows(of)
    expect(row).toMatchObject({
      ...{ event: 'limit.exceeded', keyId, address: ADDRESS, requestId: 'req_test' },
      ...{ details: { limit: 'ip' }, actor: 'test' },
    })
  })

  test('before any check is on record as well', async () => {
    const of = await open({ ip })
    expect(of.countRefused(ADDRESS, 'req_1')).toBeUndefined()
    expect(of.countRefused(ADDRESS, 'req_2')).toMatchObject({ code: 'rate_limited' })
    expect(await rows(of)).toMatchObject([{ event: 'limit.exceeded', requestId: 'req_2' }])
  })

  test('for bad credentials shows that limit', async () => {
    const of = await open({ ip: { failures: { quota: 1, window: '1m' } } })
    await ask(of, 'bogus')
    const refused = await ask(of, 'bogus')
    expect(refused).toMatchObject({ code: 'too_many_failures', limitName: 'ip-failures' })
    expect(refused.limits.map(({ name }) => name)).toEqual(['ip-failures'])
  })
})

test.each([
  [1, 1],
  [999, 1],
  [1000, 1],
  [1001, 2],
  [59_001, 60],
])('a wait of %i ms is %i s', async (retryAfterMs, seconds) => {
  const of = await open()
  const { key } = await verifiedKey(of)
  answer = () => ({
    ...{ kind: 'refused', reason: 'limit', chargeIndex: 0, limitName: 'minute' },
    ...{ retryAfterMs, limits: [[]] },
  })
  expect(await ask(of, key)).toMatchObject({ retryAfterSeconds: seconds })
})

describe('a guess counts against its address', () => {
  const ip = { failures: { quota: 2, window: '1m' } }

  test('also an unknown key of the right form', async () => {
    const { key } = createKeyFormat('sk').generate('live')
    const of = await open({ ip })
    for (let i = 0; i < 2; i++) expect(await ask(of, key)).toMatchObject({ code: 'invalid_key' })
    expect(await ask(of, key)).toMatchObject({ code: 'too_many_failures' })
  })

  test.each(['nobody used yet', 'is in use'])(
    'also a wrong secret of a key that %s',
    async (use) => {
      const of = await open({ ip })
      const [guessed, other] = [
        await of.keys.issue({ owner: OWNER }),
        await of.keys.issue({ owner: OWNER }),
      ]
      // The guess is right in form and wrong for what is stored, which is the other key's hash.
      const { keyId, secretHash: from } = guessed.record
      const rehash = { kind: 'rehash', from, to: other.record.secretHash } as const
      await store.changeKey(keyId, rehash, null)
      const beside = await openBeside({ ip })
      if (use === 'is in use') {
        const right = keyOf(keyId, secretOf(other.key))
        expect((await ask(beside, right)).allowed).toBe(true)
      }
      for (let i = 0; i < 2; i++) {
        expect(await ask(beside, guessed.key)).toMatchObject({ code: 'invalid_key' })
      }
      expect(await ask(beside, guessed.key)).toMatchObject({ code: 'too_many_failures' })
    },
  )
})
