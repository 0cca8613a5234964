/** A retry of a creation makes no second key, whatever went wrong before it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../config/index.ts'
import { createMemoryCounters } from '../counters/memory/index.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { createGate } from './create-gate.ts'
import type { Gate, IssueKeyInput } from './gate.ts'

const ADA: IssueKeyInput = { owner: 'ada@example.com', scopes: ['read', 'write'] }

let gate: Gate
beforeEach(async () => {
  const clock = createTestClock()
  const { settings } = await loadSettings({
    config: { keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } } },
  })
  gate = await createGate({
    ...settings,
    ...{ store: await openSqliteStore({ path: ':memory:' }), clock, actor: 'library' },
    counters: createMemoryCounters({ clock }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
})
afterEach(() => gate.close())

const issue = (input: IssueKeyInput, idempotencyKey: string) =>
  gate.keys.issue(input, undefined, { idempotencyKey })
const keyCount = async () => (await gate.keys.list()).length

describe('a second call with the same idempotency key', () => {
  test('makes no key, names the first one, and says how to go on', async () => {
    const { record, key } = await issue(ADA, 'order-7')
    const again = issue(ADA, 'order-7')
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
    await expect(again).rejects.toThrow(`lockgate keys rotate ${record.keyId}`)
    await expect(again).rejects.not.toThrow(key.slice(17))
    expect(await keyCount()).toBe(1)
    const created = await gate.audit.tail({ event: 'key.created' })
    expect(created).toHaveLength(1)
  })

  test('of two at once one makes the key and the other learns of it', async () => {
    const calls = await Promise.allSettled([issue(ADA, 'order-7'), issue(ADA, 'order-7')])
    expect(calls.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await keyCount()).toBe(1)
  })

  test('is the same whatever the order of scopes and members', async () => {
    await issue(ADA, 'order-7')
    const turned = { scopes: ['write', 'read'], owner: 'ada@example.com', tier: 'free' }
    await expect(issue(turned, 'order-7')).rejects.toMatchObject({ code: 'conflict' })
  })

  test.each([
    { owner: 'eve@example.com' },
    { scopes: ['admin'] },
    { expiresAtMs: Date.UTC(2090, 0, 1) },
    { allowedAddresses: ['203.0.113.7'] },
  ])('is refused as another one when it asks for %o', async (other) => {
    await issue(ADA, 'order-7')
    const again = issue({ ...ADA, ...other }, 'order-7')
    await expect(again).rejects.toMatchObject({ code: 'idempotency_conflict' })
    expect(await keyCount()).toBe(1)
  })
})

test('different idempotency keys, or none, make different keys', async () => {
  await issue(ADA, 'order-7')
  await issue(ADA, 'order-8')
  await gate.keys.issue(ADA)
  await gate.keys.issue(ADA)
  expect(await keyCount()).toBe(4)
})

test.each([
  [{ idempotencyKey: '' }, 'invalid_field'],
  [{ idempotencyKey: 'a b' }, 'invalid_field'],
  [{ idempotencyKey: 'é' }, 'invalid_field'],
  [{ idempotencyKey: 'x'.repeat(256) }, 'invalid_field'],
  [{ idempotencykey: 'order-7' }, 'unknown_field'],
])('an idempotency key that cannot be one makes no key: %o', async (options: object, code) => {
  await expect(gate.keys.issue(ADA, undefined, options)).rejects.toMatchObject({ code })
  expect(await keyCount()).toBe(0)
})
