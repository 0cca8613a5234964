import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../tests/servers/postgres.ts'
import { contentsOf } from '../../tests/stores/contents.ts'
import { TestSchema } from '../../tests/stores/postgres-schemas.ts'
import type { Store } from '../core/ports/store.ts'
import {
  addToken,
  keepBy,
  leakOf,
  replaceBy,
  sampleMail,
  suspicionOf,
} from '../testing/store-contract/leak-samples.ts'
import {
  ACCOUNT,
  CALL_MS,
  expiredEntry,
  keyScope,
  MINUTE_MS,
  RESET,
  reservationOf,
  settlementOf,
} from '../testing/store-contract/ledger-samples.ts'
import {
  HOSTILE_TEXTS,
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../testing/store-contract/samples.ts'
import { copyStore } from './copy.ts'
import { openSqliteStore } from './sqlite/index.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let folder = ''
let schema: TestSchema
let sqlite: Store
let postgres: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-copy-'))
  sqlite = await openSqliteStore({ path: join(folder, 'lockgate.db') })
  schema = new TestSchema(url)
  postgres = await schema.open()
})
afterEach(async () => {
  await sqlite.close()
  await schema.drop()
  rmSync(folder, { recursive: true })
})

/** Keys in all states, hostile text everywhere, more than one page of each. */
async function fill(store: Store): Promise<void> {
  for (const [index, text] of HOSTILE_TEXTS.entries()) {
    await insert(store, `id${text}`, {
      owner: { email: `${index}${text.toLowerCase()}`, externalId: text },
      ...{ name: text, tier: text, scopes: [text], allowedAddresses: [text] },
    })
  }
  await insert(store, 'Disabled', { createdAtMs: START_MS + 1 })
  await store.changeKey('Disabled', { kind: 'disable' }, sampleEntry('key.disabled'))
  const revoke = { kind: 'revoke', atMs: START_MS + 7 } as const
  await store.changeKey('id', revoke, sampleEntry('key.revoked'))
  const next = sampleKey('Replaced', { rotatedFrom: 'id%_\\%', expiresAtMs: START_MS + 9 })
  await store.rotateKey('id%_\\%', next, START_MS + 8, [sampleEntry('key.rotated')])
  for (let index = 0; index < 500; index++) await insert(store, `Many${index}`)
  const refusals = HOSTILE_TEXTS.map((text) => sampleEntry('auth.failed', { details: { a: text } }))
  for (let index = 0; index < 60; index++) await store.appendAudit(refusals)
  await fillLeaks(store)
  await fillSpend(store)
  const [subject] = ['k\0a']
  const expiresAtMs = START_MS + 86_400_000
  await store.saveUsage([{ subject, admissionsMs: [1, 2], expiresAtMs, meters: { m: [1] } }], 0)
}

/** More than a page of sums, calls in all states, resets and caps of all kinds. */
async function fillSpend(store: Store): Promise<void> {
  const calls = Array.from({ length: 1100 }, (_, index) =>
    reservationOf(`call${index}`, { keyId: `Many${index % 500}`, atMs: CALL_MS + index * 1000 }),
  )
  await store.openSpend([...calls, reservationOf('expired', { leaseUntilMs: 0 })])
  await store.settleSpend(calls.slice(5).map(({ id }) => settlementOf(id, 7)))
  await store.expireSpend(1, expiredEntry)
  for (const scope of [ACCOUNT, keyScope('Many1')]) {
    await store.resetSpend(scope, CALL_MS + MINUTE_MS, RESET)
    const caps = { perDayMicroUsd: 1, perMonthMicroUsd: null, models: HOSTILE_TEXTS }
    const capped = sampleEntry('spend.capped')
    await store.setSpendCaps(scope, { scope, ...caps, maxOutputTokens: null }, capped)
  }
}

/** Links in all states, a mail that waits and one that was sent, activity, and a log that was pruned. */
async function fillLeaks(store: Store): Promise<void> {
  for (const [index, keyId] of ['Many1', 'Many2', 'Replaced', 'Disabled', 'id'].entries()) {
    const linkId = `link${index}`
    const leak = leakOf(keyId, linkId)
    const strange = suspicionOf(keyId, linkId, { suspend: true })
    if (index % 2 === 0) await store.reportLeak(keyId, leak)
    else await store.raiseSuspicion(keyId, strange)
    if (keyId !== 'id') await addToken(store, linkId, `token${index}`)
  }
  await replaceBy(store, 'token2', ['Replaced', 'Replace2'])
  await keepBy(store, 'token3', 'Disabled')
  await store.claimMail({ nowMs: START_MS, leaseMs: 60_000, count: 3 })
  await store.settleMail('leaked-Many1', 1, { kind: 'sent', atMs: START_MS })
  const mails = HOSTILE_TEXTS.map((text) => sampleMail(`m${text}`, { details: { [text]: text } }))
  await store.enqueueMail(mails)
  const use = { hourStartMs: START_MS, requests: 2, lastUsedAtMs: START_MS + 5 }
  const networks = [{ network: '192.0.2.0/24', requests: 2, lastUsedAtMs: START_MS + 5 }]
  await store.saveActivity(['Many1', 'Many2'].map((keyId) => ({ keyId, ...use, networks })))
  const { chain = '', seq = 0, hash = '' } = (await verifiedRows(store))[4] ?? {}
  const signed = { atMs: START_MS, signature: 'c2lnbmVk', publicKey: 'a2V5' }
  await store.pruneAudit([{ chain, seq, hash, ...signed }], sampleEntry('audit.pruned'))
}

test('SQLite to PostgreSQL and back again loses and changes nothing', async () => {
  await fill(sqlite)
  const before = await contentsOf(sqlite)
  const report = await sqlite.reportSpend({})
  expect(before.spendSums.length).toBeGreaterThan(1000)
  const copied = await copyStore(sqlite, postgres)
  expect(copied).toEqual({ keys: before.keys.length, auditRows: before.rows.length, chains: 1 })
  expect(await contentsOf(postgres)).toEqual(before)
  expect(await postgres.reportSpend({})).toEqual(report)

  const [one, two] = [await schema.open(), await schema.open()]
  await insert(one, 'AfterOne')
  await insert(two, 'AfterTwo')
  const atMs = START_MS + 1
  const replacement = await replaceBy(one, 'token0', ['Many1', 'Replace1'], { atMs })
  expect(replacement).toMatchObject({ replacement: { rotatedFrom: 'Many1' } })
  expect(await keepBy(one, 'token1', 'Many2')).toMatchObject({ key: { status: 'active' } })
  expect((await one.reportLeak('Many1', leakOf('Many1', 'link9'))).effect).toBe('none')
  const grown = await contentsOf(postgres)
  expect(grown.heads).toHaveLength(2)
  const back = await openSqliteStore({ path: join(folder, 'back.db') })
  await copyStore(postgres, back)
  expect(await contentsOf(back)).toEqual(grown)
  expect(await back.reportSpend({})).toEqual(report)
  await insert(back, 'AfterAll')
  expect(await verifiedRows(back)).toHaveLength(grown.rows.length + 1)
  await back.close()
}, 60_000)

test('a source that was tampered with is refused by row, and the target stays empty', async () => {
  await fill(sqlite)
  const db = new DatabaseSync(join(folder, 'lockgate.db'))
  db.exec('update audit set count = count + 1 where seq = 7')
  db.close()
  const refusal = {
    code: 'conflict',
    message: expect.stringMatching(/chain \w{32}, row 7: edited/),
  }
  await expect(copyStore(sqlite, postgres)).rejects.toMatchObject(refusal)
  for (const [part, found] of Object.entries(await contentsOf(postgres))) {
    expect(found, part).toEqual([])
  }
})

test('a source that is written to meanwhile is refused, and the target stays empty', async () => {
  await fill(sqlite)
  const growing: Store = {
    ...sqlite,
    async loadUsage(nowMs) {
      await insert(sqlite, 'Meanwhil')
      return sqlite.loadUsage(nowMs)
    },
  }
  const refusal = { code: 'conflict', message: expect.stringMatching(/was written to while/) }
  await expect(copyStore(growing, postgres)).rejects.toMatchObject(refusal)
  expect(await postgres.listKeys({ pageSize: 1 })).toEqual([])
})

test('a target that is not empty is refused and left as it is', async () => {
  await insert(sqlite, 'FromHere')
  const kept = await insert(postgres, 'WasThere')
  await expect(copyStore(sqlite, postgres)).rejects.toMatchObject({ code: 'conflict' })
  await expect(copyStore(sqlite, sqlite)).rejects.toMatchObject({ code: 'conflict' })
  expect(await postgres.listKeys({ pageSize: 9 })).toEqual([kept])
})
