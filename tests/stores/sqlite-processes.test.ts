import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { addToken, leakOf } from '../../src/testing/store-contract/leak-samples.ts'
import { reservationOf, settlementOf } from '../../src/testing/store-contract/ledger-samples.ts'
import { insert, sampleEntry, verifiedRows } from '../../src/testing/store-contract/samples.ts'
import { crashOnce } from './crash.ts'
import { claimAtOnce, clickAtOnce, rotateAtOnce } from './many-clicks.ts'
import { startClicker } from './sqlite-clicker.ts'
import { WriterProcess } from './writer-process.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-processes-'))
  path = join(folder, 'lockgate.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a change by another process shows in externalRevision before it is acknowledged', async () => {
  const store = await openSqliteStore({ path })
  const before = store.externalRevision()
  const writer = new WriterProcess(path, 'ext', 1)
  await writer.hasAcknowledged(3)
  expect(writer.acknowledged.map(({ did }) => did).slice(0, 3)).toEqual([
    'opened',
    'created',
    'revoked',
  ])
  expect(store.externalRevision()).not.toBe(before)
  expect((await store.findKey('ext00000'))?.status).toBe('revoked')
  expect(await writer.end()).toEqual({ code: 0, errors: '' })

  const settled = store.externalRevision()
  await insert(store, 'OwnKey01')
  await store.appendAudit([sampleEntry('auth.failed')])
  expect(store.externalRevision()).toBe(settled)
  await store.close()
})

test('a call that another process opened or settled shows in externalRevision, an own one does not', async () => {
  const store = await openSqliteStore({ path })
  const writer = new WriterProcess(path, 'mon', 1)
  const before = store.externalRevision()
  await writer.hasAcknowledged(6)
  expect(writer.acknowledged.map(({ did }) => did).slice(4, 6)).toEqual(['held', 'settled'])
  expect(await writer.end()).toEqual({ code: 0, errors: '' })
  expect(store.externalRevision()).not.toBe(before)
  expect((await store.reportSpend({})).total.microUsd).toBe(7)

  const other = await openSqliteStore({ path })
  const revisions = [other.externalRevision()]
  const settled = store.externalRevision()
  await store.openSpend([reservationOf('own')])
  revisions.push(other.externalRevision())
  await store.renewSpend(['own'], 1)
  revisions.push(other.externalRevision())
  await store.settleSpend([settlementOf('own', 1)])
  revisions.push(other.externalRevision())
  expect(new Set(revisions).size).toBe(4)
  expect(store.externalRevision()).toBe(settled)
  for (const opened of [store, other]) await opened.close()
})

test('three processes that create one database and write at once lose and mix up nothing', async () => {
  const COUNT = 60
  const writers = ['aaa', 'bbb', 'ccc'].map((name) => new WriterProcess(path, name, COUNT))
  for (const writer of writers) expect(await writer.end()).toEqual({ code: 0, errors: '' })
  const store = await openSqliteStore({ path })
  expect(await store.listKeys({ pageSize: 1000 })).toHaveLength(3 * COUNT)
  expect(await store.listKeys({ pageSize: 1000, status: 'revoked' })).toHaveLength(1.5 * COUNT)
  expect(await verifiedRows(store)).toHaveLength(3 * COUNT * 2.5)
  expect(await store.loadUsage(0)).toHaveLength(3 * COUNT)
  await store.close()
})

test('of three connections one replaces a leaked key, rotates a key, and sends a mail', async () => {
  const open = (name: string) =>
    Promise.all([1, 2, 3].map(() => openSqliteStore({ path: join(folder, name) })))
  const [clicking, others] = [await open('clicks.db'), await open('others.db')]
  await clickAtOnce(clicking, 10)
  await claimAtOnce(others, 20)
  await rotateAtOnce(others, 10)
  for (const store of [...clicking, ...others]) await store.close()
})

test('of four processes that click one link at once, one makes a key', async () => {
  const store = await openSqliteStore({ path })
  await insert(store, 'LeakedKy')
  await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
  await addToken(store, 'link1', 'token1')
  const newIds = ['New1', 'New2', 'New3', 'New4']
  const clicks = await Promise.all(newIds.map((newId) => startClicker(path, newId)))
  const codes = (await Promise.all(clicks.map((click) => click()))).sort()
  expect(codes).toEqual(['link_expired', 'link_expired', 'link_expired', 'replaced'])
  expect(await store.listKeys({ pageSize: 10 })).toHaveLength(2)
  await verifiedRows(store)
  await store.close()
})

test('a process that is killed at any moment loses nothing that it acknowledged', async () => {
  let acknowledged = 0
  for (const name of ['k01', 'k02', 'k03', 'k04', 'k05', 'k06']) {
    acknowledged += await crashOnce(path, name)
  }
  expect(acknowledged).toBeGreaterThan(20)
})

test('a process that is killed does not stop another that has the database open', async () => {
  const store = await openSqliteStore({ path })
  for (const name of ['s01', 's02', 's03']) {
    const writer = new WriterProcess(path, name)
    await writer.hasAcknowledged(5)
    await writer.kill()
    await insert(store, `${name}after`)
  }
  await verifiedRows(store)
  await store.close()
})
