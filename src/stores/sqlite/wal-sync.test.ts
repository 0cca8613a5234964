import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reservationOf, spend } from '../../testing/store-contract/ledger-samples.ts'
import { openSqliteStore } from './index.ts'
import { WalSync } from './wal-sync.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('many commits are on disk within a second, by one sync', async () => {
  const synced: string[] = []
  const walSync = new WalSync('/data/lockgate.db', async (path) => {
    synced.push(path)
  })
  for (let commit = 0; commit < 10; commit++) walSync.soon()
  await vi.advanceTimersByTimeAsync(999)
  expect(synced).toEqual(['/data/lockgate.db-wal'])
  walSync.soon()
  await vi.advanceTimersByTimeAsync(999)
  expect(synced).toHaveLength(2)
  walSync.soon()
  walSync.stop()
  await vi.advanceTimersByTimeAsync(999)
  expect(synced).toHaveLength(2)
})

test('nothing is synced in memory', () => {
  new WalSync(':memory:').soon()
  expect(vi.getTimerCount()).toBe(0)
})

test('a disk that refuses is told to whoever writes next, once', async () => {
  const walSync = new WalSync('/data/lockgate.db', () => Promise.reject(new Error('EIO')))
  walSync.refuseFailed()
  walSync.soon()
  await vi.advanceTimersByTimeAsync(999)
  expect(() => walSync.refuseFailed()).toThrow(/database \/data\/lockgate.db: it failed with "EIO"/)
  walSync.refuseFailed()
})

test('each write of the ledger on the way of a call is synced soon', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-sync-'))
  const store = await openSqliteStore({ path: join(folder, 'lockgate.db') })
  const writes = [
    () => store.openSpend([reservationOf('a')]),
    () => store.renewSpend(['a'], 0),
    () => spend(store, 'b', 1),
  ]
  for (const write of writes) {
    await write()
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(999)
    expect(vi.getTimerCount()).toBe(0)
  }
  await store.openSpend([reservationOf('c')])
  await store.close()
  expect(vi.getTimerCount()).toBe(0)
  rmSync(folder, { recursive: true })
})
