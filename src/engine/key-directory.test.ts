import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../config/index.ts'
import { LockgateError } from '../core/errors.ts'
import type { Limit } from '../core/limits/limit.ts'
import type { Counters } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { Gate } from './gate.ts'

const OWNER = 'ada@example.com'
const HOUR_MS = 3_600_000
const LIMIT: Limit = { name: 'minute', quota: 5, windowMs: 60_000, algorithm: 'sliding-window' }

let clock: TestClock
let gate: Gate
let announced: [keyId: string, version: number][]
/** What `insertKey` throws before it does anything, one for each call. */
let insertFailures: Error[]
let inserts: number
/** The counters do not take versions. */
let deaf: boolean
let warned: object[]
beforeEach(async () => {
  clock = createTestClock()
  announced = []
  insertFailures = []
  inserts = 0
  deaf = false
  warned = []
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } },
  })
  const memory = createMemoryCounters({ clock })
  const counters: Counters = {
    consume: (request) => memory.consume(request),
    peek: (request) => memory.peek(request),
    settle: (receipt, costs) => memory.settle(receipt, costs),
    setKeyVersion(keyId, version) {
      if (deaf) throw new Error('they are down')
      announced.push([keyId, version])
      memory.setKeyVersion(keyId, version)
    },
    close: () => {},
    nowMs: () => memory.nowMs(),
    seed: (seeds) => memory.seed(seeds),
    settleHold: (hold, actual) => memory.settleHold(hold, actual),
    spendStatus: (charges) => memory.spendStatus(charges),
  }
  gate = await createGate({
    ...settings,
    ...{ store: failingInserts(await openSqliteStore({ path: ':memory:' })), counters, clock },
    log: { debug() {}, info() {}, warn: (fields) => warned.push(fields), error() {} },
    actor: 'library',
  })
})
afterEach(() => gate.close())

function failingInserts(store: Store): Store {
  return {
    ...store,
    insertKey(key, audit, idempotency) {
      inserts++
      const failure = insertFailures.shift()
      if (failure !== undefined) return Promise.reject(failure)
      return store.insertKey(key, audit, idempotency)
    },
  }
}

const ask = async (presentedKey: string) =>
  gate.check({ presentedKey, address: '203.0.113.7', requestId: 'req_test' })
const issue = (more: object = {}) => gate.keys.issue({ owner: OWNER, ...more })

describe('a change', () => {
  test('is announced with its version, so that every instance learns of it', async () => {
    const { record } = await issue()
    await gate.keys.disable(record.keyId)
    await gate.keys.enable(record.keyId)
    await gate.keys.revoke(record.keyId)
    const versions = [2, 3, 4].map((version) => [record.keyId, version])
    expect(announced).toEqual(versions)
  })

  test('is made although the counters cannot be told, and holds here at once', async () => {
    const { key, record } = await issue()
    expect((await ask(key)).allowed).toBe(true)
    deaf = true
    expect(await gate.keys.revoke(record.keyId)).toMatchObject({ status: 'revoked' })
    expect((await ask(key)).allowed).toBe(false)
    expect(warned).toMatchObject([{ key_id: record.keyId }])
  })

  test('says who made it, from where, in which request', async () => {
    const { record } = await issue()
    const actor = { actor: 'cli', address: '198.51.100.1', requestId: 'req_9' }
    await gate.keys.revoke(record.keyId, actor)
    const [created, revoked] = (await gate.audit.tail()).map(({ row }) => row)
    expect(created).toMatchObject({ actor: 'library', address: null, requestId: null })
    expect(revoked).toMatchObject(actor)
  })

  test('of a key that is not there is refused, and so is a look at it', async () => {
    for (const attempt of [gate.keys.revoke, gate.keys.find, gate.keys.rotate]) {
      await expect(attempt('aaaaaaaa')).rejects.toMatchObject({ code: 'not_found' })
    }
  })
})

describe('issuing', () => {
  const taken = () => new LockgateError('conflict', 'key_id is taken')

  test('tries another key_id where one is taken, three times at most', async () => {
    insertFailures = [taken(), taken()]
    const { key } = await issue()
    expect((await ask(key)).allowed).toBe(true)
    insertFailures = [taken(), taken(), taken(), taken()]
    await expect(issue()).rejects.toMatchObject({ code: 'conflict' })
    expect(inserts).toBe(6)
  })

  test('does not try again after any other failure', async () => {
    insertFailures = [new Error('the disk is full')]
    await expect(issue()).rejects.toThrow('the disk is full')
    expect(inserts).toBe(1)
  })
})

describe('importing', () => {
  const secretHash = '$2b$10$abcdefghijklmnopqrstuuT6ZsGNGYFsFhCkYHEpCpI8oS1yFwW8K'

  test.each([
    [{ keyId: 'short', secretHash }, 'key_id'],
    [{ keyId: 'with/-_.', secretHash }, 'key_id'],
    [{ keyId: '7Hq2mZ9x', secretHash: 'md5:abc' }, 'hash'],
    [{ keyId: '7Hq2mZ9x', secretHash, tier: 'gold' }, 'tier'],
  ])('%j is refused and changes nothing', async (input, hint) => {
    const imported = gate.keys.importHash({ owner: OWNER, ...input })
    await expect(imported).rejects.toMatchObject({ code: 'invalid_field' })
    await expect(imported).rejects.toThrow(hint)
    expect(await gate.keys.list()).toEqual([])
  })

  test('is on record as such', async () => {
    await gate.keys.importHash({ owner: OWNER, keyId: '7Hq2mZ9x', secretHash })
    const [imported] = await gate.audit.tail()
    expect(imported?.row).toMatchObject({ event: 'key.created', details: { imported: true } })
    expect(JSON.stringify(imported)).not.toContain(secretHash)
  })
})

describe('rotating', () => {
  test('keeps what the key may do, and ends it no later than before', async () => {
    const expiresAtMs = clock.wallMs() + HOUR_MS
    const old = await issue({
      ...{ mode: 'test', expiresAtMs, tier: 'paid', scopes: ['write'], name: 'ci' },
      ...{ limitOverrides: [LIMIT], allowedAddresses: ['203.0.113.0/24'] },
    })
    const { key, record } = await gate.keys.rotate(old.record.keyId)
    expect(key).toMatch(/^sk_test_/)
    const { keyId, secretHash, createdAtMs, rotatedFrom, ...kept } = old.record
    expect(record).toMatchObject(kept)
    expect(record.limitOverrides).toEqual([LIMIT])
    expect(record.rotatedFrom).toBe(keyId)
    const rotated = (await gate.audit.tail()).map(({ row }) => row).at(-1)
    const worksUntil = new Date(expiresAtMs).toISOString()
    expect(rotated?.details).toEqual({ replaced_by: record.keyId, works_until: worksUntil })
    expect((await gate.keys.find(keyId)).expiresAtMs).toBe(expiresAtMs)
    expect(record.secretHash).not.toBe(secretHash)
    expect([createdAtMs, rotatedFrom]).toEqual([clock.wallMs(), null])
  })

  test('with grace 0 ends the old key at once', async () => {
    const old = await issue()
    expect((await ask(old.key)).allowed).toBe(true)
    const { key } = await gate.keys.rotate(old.record.keyId, { graceMs: 0 })
    expect(await ask(old.key)).toMatchObject({ code: 'invalid_key' })
    expect((await ask(key)).allowed).toBe(true)
    expect(announced).toEqual([[old.record.keyId, 2]])
  })

  test('gives 24 hours where nothing is said', async () => {
    const { record } = await issue()
    await gate.keys.rotate(record.keyId)
    expect((await gate.keys.find(record.keyId)).expiresAtMs).toBe(clock.wallMs() + 24 * HOUR_MS)
  })

  test.each([-1, 0.5, 8.64e15, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a grace of %d',
    async (graceMs) => {
      const { record } = await issue()
      const rotated = gate.keys.rotate(record.keyId, { graceMs })
      await expect(rotated).rejects.toMatchObject({ code: 'invalid_field' })
      expect(await gate.keys.list()).toHaveLength(1)
    },
  )

  test.each([0, HOUR_MS])('happens once, and then names its key (grace %d)', async (graceMs) => {
    const { record } = await issue()
    const { record: next } = await gate.keys.rotate(record.keyId, { graceMs })
    const again = gate.keys.rotate(record.keyId, { graceMs })
    await expect(again).rejects.toMatchObject({
      ...{ code: 'conflict', message: expect.stringContaining(`rotate ${next.keyId}`) },
    })
    expect(await gate.keys.list()).toHaveLength(2)
  })

  test('refuses a key that has ended', async () => {
    const revoked = await issue()
    const expired = await issue({ expiresAtMs: clock.wallMs() + 1000 })
    await gate.keys.revoke(revoked.record.keyId)
    clock.advance(1000)
    for (const { record } of [revoked, expired]) {
      await expect(gate.keys.rotate(record.keyId)).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(await gate.keys.list()).toHaveLength(2)
  })
})

test('the audit row of a change bears the time of the record, also when the clock moves meanwhile', async () => {
  const wallMs = clock.wallMs
  clock.wallMs = () => {
    clock.advance(1)
    return wallMs()
  }
  const { record } = await gate.keys.issue({ owner: OWNER })
  const rotated = await gate.keys.rotate(record.keyId)
  const revoked = await gate.keys.revoke(rotated.record.keyId)
  const rows = await gate.audit.tail({ pageSize: 10 })
  const times = rows.map(({ row }) => [row.event, row.atMs])
  expect(times).toEqual([
    ['key.created', record.createdAtMs],
    ['key.created', rotated.record.createdAtMs],
    ['key.rotated', rotated.record.createdAtMs],
    ['key.revoked', revoked.revokedAtMs],
  ])
})
