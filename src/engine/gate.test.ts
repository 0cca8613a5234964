import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LockgateConfig } from '../config/index.ts'
import type { Decision, Denied } from '../core/decision.ts'
import { lockgate } from '../lockgate.ts'
import { createTestClock } from '../testing/test-clock.ts'
import type { CheckRequest, Gate } from './gate.ts'

const OWNER = 'ada@example.com'
const ADDRESS = '203.0.113.7'
/** Hashing with the least that argon2id takes: these tests are about decisions, not about hashing. */
const QUICK_HASH = { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } }

let folder: string
let gates: Gate[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-gate-'))
  gates = []
})
afterEach(async () => {
  for (const gate of gates) await gate.close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(config: LockgateConfig = {}, clock = createTestClock()): Promise<Gate> {
  const databaseUrl = `sqlite:${join(folder, 'gate.db')}`
  const gate = await lockgate({ config: { databaseUrl, keys: QUICK_HASH, ...config }, clock })
  gates.push(gate)
  return gate
}

function ask(gate: Gate, presentedKey: string | undefined, more: Partial<CheckRequest> = {}) {
  return gate.check({ presentedKey, address: ADDRESS, requestId: 'req_test', ...more })
}

async function denial(decision: Decision | Promise<Decision>): Promise<Denied> {
  const result = await decision
  if (result.allowed) throw new Error('the request was allowed')
  return result
}

async function countOf429s(gate: Gate): Promise<number> {
  await gate.audit.flush()
  let sum = 0
  let afterPosition = 0
  for (;;) {
    const page = await gate.audit.read({ event: 'limit.exceeded', afterPosition, pageSize: 10_000 })
    for (const { row, position } of page) {
      sum += row.count
      afterPosition = position
    }
    if (page.length < 10_000) return sum
  }
}

/** What another process does takes at least a turn of the event loop; here it has to be said. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a key', () => {
  test('gets only the scope read unless more is asked for', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key, { scope: 'read' })).allowed).toBe(true)
    expect(await denial(ask(gate, key, { scope: 'write' }))).toMatchObject({
      code: 'insufficient_scope',
      scope: 'write',
    })
  })

  test('that is unknown, wrong, revoked, disabled or expired gets one and the same denial', async () => {
    const clock = createTestClock()
    const gate = await open({ ip: false }, clock)
    const issue = () => gate.keys.issue({ owner: OWNER })
    const [unknown, victim, revoked, disabled] = [
      await issue(),
      await issue(),
      await issue(),
      await issue(),
    ]
    const expired = await gate.keys.issue({ owner: OWNER, expiresAtMs: clock.wallMs() + 1000 })
    const other = await open({ databaseUrl: 'sqlite::memory:', ip: false })
    const stranger = await other.keys.issue({ owner: OWNER })
    await gate.keys.revoke(revoked.record.keyId)
    await gate.keys.disable(disabled.record.keyId)
    clock.advance(1000)
    expect((await ask(gate, victim.key)).allowed).toBe(true)
    expect((await ask(gate, unknown.key)).allowed).toBe(true)
    const denials = []
    for (const key of [stranger.key, revoked.key, disabled.key, expired.key]) {
      denials.push(await denial(ask(gate, key)))
    }
    for (const found of denials) expect(found).toEqual(denials[0])
    expect(denials[0]).toEqual({ allowed: false, code: 'invalid_key', limits: [] })
  })

  test('that was disabled works again once enabled', async () => {
    const gate = await open()
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    await gate.keys.disable(record.keyId)
    expect((await denial(ask(gate, key))).code).toBe('invalid_key')
    await gate.keys.enable(record.keyId)
    expect((await ask(gate, key)).allowed).toBe(true)
  })

  test('with an allow list is refused from any other address', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER, allowedAddresses: ['203.0.113.0/24'] })
    expect((await ask(gate, key)).allowed).toBe(true)
    expect((await denial(ask(gate, key, { address: '198.51.100.1' }))).code).toBe('ip_not_allowed')
    const six = await gate.keys.issue({ owner: OWNER, allowedAddresses: ['2001:db8::/32'] })
    const from = { address: '2001:db8:1::/64', clientIp: '2001:db8:1::5' }
    expect((await ask(gate, six.key, from)).allowed).toBe(true)
    expect((await denial(ask(gate, six.key, { address: undefined }))).code).toBe('ip_not_allowed')
  })

  test('whose tier left the configuration is refused, not let in without limits', async () => {
    const gold: LockgateConfig = { tiers: { gold: { limits: [] } } }
    const before = await open(gold)
    const { key } = await before.keys.issue({ owner: OWNER, tier: 'gold' })
    expect((await ask(before, key)).allowed).toBe(true)
    const after = await open()
    for (let i = 0; i < 2; i++) {
      expect(await denial(ask(after, key))).toMatchObject({
        code: 'limiter_unavailable',
        retryAfterSeconds: 1,
      })
    }
    const fixed = await open(gold)
    expect((await ask(fixed, key)).allowed).toBe(true)
  })

  test('rotated works through its grace period beside its replacement, then ends', async () => {
    const clock = createTestClock()
    const gate = await open({}, clock)
    const old = await gate.keys.issue({ owner: OWNER, scopes: ['read', 'write'], name: 'ci' })
    const { key, record } = await gate.keys.rotate(old.record.keyId, { graceMs: 60_000 })
    expect(record).toMatchObject({
      scopes: ['read', 'write'],
      name: 'ci',
      rotatedFrom: old.record.keyId,
    })
    expect((await ask(gate, old.key)).allowed).toBe(true)
    expect((await ask(gate, key)).allowed).toBe(true)
    clock.advance(60_000)
    expect((await denial(ask(gate, old.key))).code).toBe('invalid_key')
    expect((await ask(gate, key)).allowed).toBe(true)
  })
})

describe('revocation', () => {
  test('by another gate on the same database is seen by the very next check', async () => {
    const server = await open()
    const operator = await open()
    for (let trial = 0; trial < 50; trial++) {
      const { key, record } = await operator.keys.issue({ owner: OWNER })
      expect((await ask(server, key)).allowed).toBe(true)
      expect((await ask(server, key)).allowed).toBe(true)
      await operator.keys.revoke(record.keyId)
      await nextTurn()
      expect((await denial(ask(server, key))).code).toBe('invalid_key')
    }
  })

  test('does not need a restart to be followed by a key that was unknown before', async () => {
    const server = await open()
    const operator = await open()
    const { key, record } = await operator.keys.issue({ owner: OWNER })
    const { secretHash, keyId } = record
    const third = await open({ databaseUrl: `sqlite:${join(folder, 'other.db')}` })
    expect((await denial(ask(third, key))).code).toBe('invalid_key')
    await third.keys.importHash({ owner: OWNER, keyId, secretHash })
    expect((await ask(third, key)).allowed).toBe(true)
    expect((await ask(server, key)).allowed).toBe(true)
  })
})

describe('a check', () => {
  test('of a key that was verified before is answered without waiting', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    expect(ask(gate, key)).toBeInstanceOf(Promise)
    await ask(gate, key)
    expect(ask(gate, key)).not.toBeInstanceOf(Promise)
  })

  test('charges neither key nor address when one of them refuses', async () => {
    const clock = createTestClock()
    const tight: LockgateConfig = {
      tiers: { free: { limits: [{ name: 'minute', quota: 2, window: '1m' }] } },
      ip: {
        limits: [{ name: 'ip', quota: 3, window: '1m' }],
        failures: { quota: 20, window: '1m' },
      },
    }
    const gate = await open(tight, clock)
    const [first, second] = [
      await gate.keys.issue({ owner: OWNER }),
      await gate.keys.issue({ owner: OWNER }),
    ]
    for (let i = 0; i < 2; i++) expect((await ask(gate, first.key)).allowed).toBe(true)
    for (let i = 0; i < 9; i++)
      expect((await denial(ask(gate, first.key))).limitName).toBe('minute')
    expect((await ask(gate, second.key)).allowed).toBe(true)
    for (let i = 0; i < 9; i++) expect((await denial(ask(gate, second.key))).limitName).toBe('ip')
    expect((await ask(gate, second.key, { address: '198.51.100.2' })).allowed).toBe(true)
    expect((await denial(ask(gate, second.key, { address: '198.51.100.2' }))).limitName).toBe(
      'minute',
    )
  })

  test('says for a cost that can never fit which limit it breaks', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    const found = await denial(ask(gate, key, { cost: 61 }))
    expect(found.code).toBe('invalid_field')
    expect(found.message).toContain('minute')
  })

  test('counts the limits of a route for each key beside those of its tier', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    const limit = {
      name: 'images',
      quota: 1,
      windowMs: 60_000,
      algorithm: 'sliding-window',
    } as const
    const route = { id: 'images', limits: [limit] }
    const allowed = await ask(gate, key, { route })
    expect(allowed.limits.map(({ name }) => name)).toEqual(['minute', 'day', 'images'])
    expect((await denial(ask(gate, key, { route }))).limitName).toBe('images')
    expect((await ask(gate, key)).allowed).toBe(true)
  })

  test('holds a key to its requests in flight, and frees the place when one is settled', async () => {
    const gate = await open({ tiers: { free: { limits: [], maxConcurrent: 1 } } })
    const { key } = await gate.keys.issue({ owner: OWNER })
    const running = await ask(gate, key)
    if (!running.allowed) throw new Error(running.code)
    expect(running.mustSettle).toBe(true)
    expect((await denial(ask(gate, key))).code).toBe('concurrency_limited')
    gate.settle(running)
    gate.settle(running)
    expect((await ask(gate, key)).allowed).toBe(true)
    expect((await denial(ask(gate, key))).code).toBe('concurrency_limited')
  })
})

describe('an address', () => {
  test('is refused after its quota of bad credentials, but not with a verified key', async () => {
    const gate = await open({ ip: { failures: { quota: 5, window: '1m' } } })
    const { key } = await gate.keys.issue({ owner: OWNER })
    const unverified = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    for (let i = 0; i < 5; i++)
      expect((await denial(ask(gate, 'sk_live_bogus'))).code).toBe('invalid_key')
    const blocked = await denial(ask(gate, 'sk_live_bogus'))
    expect(blocked).toMatchObject({ code: 'too_many_failures', limitName: 'ip-failures' })
    expect(blocked.retryAfterSeconds).toBeGreaterThanOrEqual(1)
    expect((await denial(ask(gate, unverified.key))).code).toBe('too_many_failures')
    expect((await ask(gate, key)).allowed).toBe(true)
    expect((await ask(gate, unverified.key, { address: '198.51.100.3' })).allowed).toBe(true)
  })

  test('that is blocked gets in with a verified key also when another process changed the store', async () => {
    const gate = await open({ ip: { failures: { quota: 1, window: '1m' } } })
    const operator = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    expect((await ask(gate, key)).allowed).toBe(true)
    await ask(gate, 'sk_live_bogus')
    for (let change = 0; change < 3; change++) {
      await operator.keys.issue({ owner: OWNER })
      await nextTurn()
      expect((await ask(gate, key)).allowed).toBe(true)
    }
    expect((await denial(ask(gate, 'sk_live_bogus'))).code).toBe('too_many_failures')
  })

  test('is not taken for a guesser when it goes on using a revoked key', async () => {
    const gate = await open({ ip: { failures: { quota: 2, window: '1m' } } })
    const { key, record } = await gate.keys.issue({ owner: OWNER })
    await ask(gate, key)
    await gate.keys.revoke(record.keyId)
    for (let i = 0; i < 10; i++) expect((await denial(ask(gate, key))).code).toBe('invalid_key')
  })

  test('is held to its requests also when it sends no key at all', async () => {
    const gate = await open({ ip: { limits: [{ name: 'ip', quota: 3, window: '1m' }] } })
    for (let i = 0; i < 3; i++)
      expect((await denial(ask(gate, undefined))).code).toBe('missing_key')
    expect(await denial(ask(gate, undefined))).toMatchObject({
      code: 'rate_limited',
      limitName: 'ip',
    })
    expect(gate.countRefused(ADDRESS, 'req_1')).toMatchObject({ code: 'rate_limited' })
    expect(gate.countRefused('198.51.100.4', 'req_1')).toBeUndefined()
  })
})

describe('the audit log', () => {
  test('accounts for every 429 exactly, folded into few rows', async () => {
    const gate = await open()
    const { key } = await gate.keys.issue({ owner: OWNER })
    let refused = 0
    for (let i = 0; i < 500; i++) if (!(await ask(gate, key)).allowed) refused++
    expect(refused).toBe(500 - 72)
    expect(await countOf429s(gate)).toBe(refused)
    expect(await gate.audit.tail({ event: 'limit.exceeded', pageSize: 10 })).toHaveLength(1)
    expect(await gate.audit.verify()).toMatchObject({ intact: true })
  })

  test('keeps the sum of counts when a flood comes from more addresses than it folds by', async () => {
    const gate = await open({ ip: { limits: [{ name: 'ip', quota: 1, window: '1m' }] } })
    const addresses = Array.from({ length: 12_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
    for (const address of addresses) await ask(gate, undefined, { address })
    for (const address of addresses) {
      expect((await denial(ask(gate, undefined, { address }))).code).toBe('rate_limited')
    }
    expect(await countOf429s(gate)).toBe(12_000)
  })

  test('tells the life of a key in order, in the words of its events', async () => {
    const gate = await open()
    const { record } = await gate.keys.issue({ owner: OWNER })
    await gate.keys.disable(record.keyId, { actor: 'cli' })
    await gate.keys.enable(record.keyId)
    await gate.keys.revoke(record.keyId)
    await gate.keys.revoke(record.keyId)
    const rows = await gate.audit.tail({ keyId: record.keyId })
    expect(rows.map(({ row }) => row.event)).toEqual([
      'key.created',
      'key.disabled',
      'key.enabled',
      'key.revoked',
    ])
    expect(rows[1]?.row.actor).toBe('cli')
  })
})

describe('a restart', () => {
  test('keeps what was used of the day', async () => {
    const clock = createTestClock()
    const config: LockgateConfig = {
      tiers: { free: { limits: [{ name: 'day', quota: 10, window: '1d' }] } },
    }
    const before = await open(config, clock)
    const { key } = await before.keys.issue({ owner: OWNER })
    for (let i = 0; i < 7; i++) expect((await ask(before, key)).allowed).toBe(true)
    await before.close()
    const after = await open(config, clock)
    for (let i = 0; i < 3; i++) expect((await ask(after, key)).allowed).toBe(true)
    expect((await denial(ask(after, key))).limitName).toBe('day')
  })
})

describe('input for a new key', () => {
  test.each([
    [{ owner: 'not an address' }, 'e-mail'],
    [{ owner: 'ada@example.com\r\nBcc: all@example.com' }, 'e-mail'],
    [{ owner: 'ada@example.com,eve@example.com' }, 'e-mail'],
    [{ owner: OWNER, tier: 'gold' }, 'free, paid'],
    [{ owner: OWNER, scopes: ['no spaces please'] }, 'scope'],
    [{ owner: OWNER, expiresAtMs: 1 }, 'future'],
    [{ owner: OWNER, name: 'a\u0000b' }, 'name'],
    [{ owner: OWNER, allowedAddresses: ['10.0.0.0/33'] }, '10.0.0.0/33'],
  ])('%j is refused with a hint, and changes nothing', async (input, hint) => {
    const gate = await open()
    await expect(gate.keys.issue(input)).rejects.toMatchObject({ code: 'invalid_field' })
    await expect(gate.keys.issue(input)).rejects.toThrow(hint)
    expect(await gate.keys.list()).toEqual([])
  })
})
