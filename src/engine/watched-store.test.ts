import { expect, test } from 'vitest'
import type { AuditEntry } from '../core/audit.ts'
import { LockgateError } from '../core/errors.ts'
import { type GateMetrics, NO_GATE_METRICS } from '../core/ports/metrics.ts'
import type { Store } from '../core/ports/store.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { watchStore } from './watched-store.ts'

const ROW: AuditEntry = {
  ...{ atMs: 0, event: 'auth.failed', keyId: null, actor: 'test', address: null, requestId: null },
  ...{ details: {}, count: 3 },
}

async function open() {
  const inner = await openSqliteStore({ path: ':memory:' })
  const broken = { by: undefined as Error | undefined }
  const findKey: Store['findKey'] = (keyId) => {
    if (broken.by !== undefined) throw broken.by
    return inner.findKey(keyId)
  }
  const breakable: Store = { ...inner, findKey }
  const told: string[] = []
  const metrics: GateMetrics = {
    ...NO_GATE_METRICS,
    storeFailed: () => void told.push('failed'),
    auditWritten: (event, rows) => void told.push(`${rows} ${event}`),
  }
  const clock = createTestClock()
  return { ...watchStore(breakable, clock, metrics), inner, broken, told, clock }
}

test('passes every call on, and what it answers back', async () => {
  const { store, inner } = await open()
  expect(Object.keys(store).sort()).toEqual(Object.keys(inner).sort())
  expect(await store.findKey('aaaaaaaa')).toBeUndefined()
  const [row] = await store.appendAudit([ROW])
  expect(row).toMatchObject({ event: 'auth.failed', seq: 1 })
  await store.close()
})

test('knows since when the store fails, and that it is back', async () => {
  const { store, state, broken, told, clock, probe } = await open()
  expect(state.fails).toBe(false)
  broken.by = new Error('it is down')
  clock.advance(5_000)
  await expect(store.findKey('aaaaaaaa')).rejects.toThrow('it is down')
  await probe()
  expect([state.fails, state.silentMs]).toEqual([true, 5_000])
  expect(told).toEqual(['failed', 'failed'])
  broken.by = undefined
  await probe()
  expect([state.fails, state.silentMs]).toEqual([false, 0])
})

test('an answer about the data is no failure; one that the store is away is', async () => {
  const { store, state, broken, told } = await open()
  broken.by = new LockgateError('not_found')
  await expect(store.findKey('aaaaaaaa')).rejects.toThrow()
  expect([state.fails, told]).toEqual([false, []])
  broken.by = new LockgateError('store_unavailable')
  await expect(store.findKey('aaaaaaaa')).rejects.toThrow()
  expect([state.fails, told]).toEqual([true, ['failed']])
})

test('a store that works is not asked whether it does', async () => {
  const { broken, told, probe } = await open()
  broken.by = new Error('it was asked')
  await probe()
  expect(told).toEqual([])
})

test('counts the rows of the audit log that were taken, and none that were not', async () => {
  const { store, told, inner } = await open()
  await store.appendAudit([ROW, ROW])
  expect(told).toEqual(['1 auth.failed', '1 auth.failed'])
  await inner.close()
  await expect(store.appendAudit([ROW])).rejects.toThrow()
  expect(told.slice(2)).toEqual(['failed'])
})

test('counts the rows of calls that expired, and none where none did', async () => {
  const { store, told } = await open()
  const call = { keyId: 'aaaaaaaa', model: null, atMs: 0, amount: { microUsd: 1, tokens: 1 } }
  await store.openSpend(['a', 'b'].map((id) => ({ ...call, id, leaseUntilMs: 5 })))
  for (const nowMs of [4, 5, 6]) await store.expireSpend(nowMs, () => ROW)
  expect(told).toEqual(['2 spend.expired'])
})
