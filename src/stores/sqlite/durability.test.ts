import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Store } from '../../core/ports/store.ts'
import { addToken, leakOf, replaceBy } from '../../testing/store-contract/leak-samples.ts'
import {
  ACCOUNT,
  CALL_MS,
  expiredEntry,
  MINUTE_MS,
  RESET,
  reservationOf,
  settlementOf,
} from '../../testing/store-contract/ledger-samples.ts'
import { insert, START_MS, sampleEntry, sampleKey } from '../../testing/store-contract/samples.ts'
import { openSqliteStore } from './index.ts'

let folder = ''
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-durability-'))
  store = await openSqliteStore({ path: join(folder, 'lockgate.db') })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** The `synchronous` setting under which each transaction of `writes` was committed. */
async function settingsDuring(writes: () => Promise<unknown>): Promise<string[]> {
  const settings: string[] = []
  const exec = DatabaseSync.prototype.exec
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    if (sql === 'commit') {
      const setting = this.prepare('pragma synchronous').get()?.['synchronous']
      settings.push(setting === 2 ? 'FULL' : setting === 1 ? 'NORMAL' : 'other')
    }
    exec.call(this, sql)
  })
  try {
    await writes()
  } finally {
    spy.mockRestore()
  }
  return settings
}

test('keys, their changes and lifecycle rows are committed with synchronous=FULL', async () => {
  const settings = await settingsDuring(async () => {
    await store.saveUsage([], START_MS)
    await insert(store, 'FullKey1')
    await store.saveUsage([], START_MS)
    await store.changeKey('FullKey1', { kind: 'disable' }, sampleEntry('key.disabled'))
    await store.saveUsage([], START_MS)
    await store.changeKey('FullKey1', { kind: 'enable' }, sampleEntry('key.enabled'))
    await store.saveUsage([], START_MS)
    await store.rotateKey('FullKey1', sampleKey('FullKey2'), START_MS, [])
    await store.saveUsage([], START_MS)
    await store.appendAudit([sampleEntry('limit.exceeded'), sampleEntry('config.changed')])
  })
  expect(settings).toEqual([
    'NORMAL',
    'FULL',
    'NORMAL',
    'FULL',
    'NORMAL',
    'FULL',
    'NORMAL',
    'FULL',
    'NORMAL',
    'FULL',
  ])
})

test('leaks, links and mails are committed with synchronous=FULL', async () => {
  const settings = await settingsDuring(async () => {
    await store.saveUsage([], START_MS)
    await insert(store, 'LeakedKy')
    await store.saveUsage([], START_MS)
    await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
    await store.saveUsage([], START_MS)
    await addToken(store, 'link1', 'token1')
    await store.saveUsage([], START_MS)
    await replaceBy(store, 'token1', ['LeakedKy', 'NewKey01'])
    await store.saveUsage([], START_MS)
    await store.claimMail({ nowMs: START_MS, leaseMs: 1, count: 1 })
    await store.saveUsage([], START_MS)
    await store.settleMail('leaked-LeakedKy', 1, { kind: 'sent', atMs: START_MS })
  })
  expect(settings).toEqual(Array(6).fill(['NORMAL', 'FULL']).flat())
})

test('calls are opened, renewed and settled without a wait for the disk', async () => {
  const settings = await settingsDuring(async () => {
    await store.openSpend([reservationOf('a'), reservationOf('b')])
    await store.renewSpend(['a', 'b'], START_MS)
    await store.settleSpend([settlementOf('a', 1)])
    await store.openSpend([])
    await store.renewSpend([], START_MS)
    await store.settleSpend([])
  })
  expect(settings).toEqual(Array(3).fill('NORMAL'))
})

test('expired calls, resets and caps are committed with synchronous=FULL', async () => {
  const settings = await settingsDuring(async () => {
    await store.openSpend([reservationOf('a')])
    await store.expireSpend(CALL_MS + MINUTE_MS, expiredEntry)
    await store.openSpend([reservationOf('b')])
    await store.resetSpend(ACCOUNT, CALL_MS, RESET)
    await store.openSpend([reservationOf('c')])
    await store.setSpendCaps(ACCOUNT, null, sampleEntry('spend.capped'))
  })
  expect(settings).toEqual(Array(3).fill(['NORMAL', 'FULL']).flat())
})

test('asking for expired calls writes nothing when there is none', async () => {
  await store.openSpend([reservationOf('a')])
  expect(await settingsDuring(() => store.expireSpend(CALL_MS, expiredEntry))).toEqual([])
})

test('asking for mail writes nothing when none is due', async () => {
  expect(
    await settingsDuring(async () => {
      await store.claimMail({ nowMs: START_MS, leaseMs: 1, count: 1 })
    }),
  ).toEqual([])
})

test('usage, activity and folded refusals are committed without a wait for the disk', async () => {
  const settings = await settingsDuring(async () => {
    await insert(store, 'FullKey1')
    await store.appendAudit([sampleEntry('limit.exceeded'), sampleEntry('auth.failed')])
    await store.saveUsage([], START_MS)
    const use = { requests: 1, lastUsedAtMs: START_MS }
    await store.saveActivity([{ keyId: 'FullKey1', hourStartMs: 0, ...use, networks: [] }])
  })
  expect(settings).toEqual(['FULL', 'NORMAL', 'NORMAL', 'NORMAL'])
})
