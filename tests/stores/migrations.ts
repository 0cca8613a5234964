/**
 * The migration suite of both SQL stores. Every schema version that was released has a fixture,
 * `fixtures/vN.sql`, with data, which must open, migrate and verify for good. After adding a migration,
 * write the fixture of the new version once and commit it, with `sqlite` or `postgres` for STORE:
 *
 *     LOCKGATE_WRITE_FIXTURE=1 npx vitest run src/stores/STORE/migrations
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import {
  addToken,
  leakOf,
  sampleMail,
  suspicionOf,
} from '../../src/testing/store-contract/leak-samples.ts'
import {
  CALL_MS,
  expiredEntry,
  keyScope,
  MINUTE_MS,
  RESET,
  reservationOf,
  settlementOf,
} from '../../src/testing/store-contract/ledger-samples.ts'
import {
  insert,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from '../../src/testing/store-contract/samples.ts'
import { contentsOf } from './contents.ts'

/** An empty place for one database. */
export interface EmptyDatabase {
  /** Opens it as a store, which migrates it. */
  open(): Promise<Store>
  /** Makes it what the fixture holds. */
  load(fixture: string, version: number): Promise<void>
  dump(): Promise<string>
  /** All that the catalogue says of its tables. */
  layout(): Promise<unknown>
  /** `table.column` of each column. */
  columns(): Promise<string[]>
  remove(): Promise<void>
}

export interface MigratedStore {
  /** The folder of the fixtures. */
  readonly fixtures: URL
  readonly newest: number
  empty(): EmptyDatabase
  /** A name with text that this database cannot keep as it is, if there is such text. */
  readonly keyName: string
  /** `table.column` of what only this store has, as STORAGE.md lists it. */
  ownColumns(storageDocument: string): string[]
}

const EVERY_TOKEN = {
  ...{ inputTokens: 20, cachedInputTokens: 3, cacheWriteTokens: 4, outputTokens: 10 },
}

const STORAGE = new URL('../../STORAGE.md', import.meta.url)

export function migrationSuite({ fixtures, newest, empty, keyName, ownColumns }: MigratedStore) {
  const versions = Array.from({ length: newest }, (_, index) => index + 1)
  const fixtureOf = (version: number) => new URL(`v${version}.sql`, fixtures)
  const textOf = (version: number) => readFileSync(fixtureOf(version), 'utf8')

  async function inEmpty(body: (database: EmptyDatabase) => Promise<void>): Promise<void> {
    const database = empty()
    try {
      await body(database)
    } finally {
      await database.remove()
    }
  }

  test('the newest schema has a fixture', () =>
    inEmpty(async (database) => {
      const fixture = fixtureOf(newest)
      if (process.env['LOCKGATE_WRITE_FIXTURE'] === '1' && !existsSync(fixture)) {
        const store = await database.open()
        await fill(store, keyName)
        await store.close()
        writeFileSync(fixture, await database.dump())
      }
      expect(existsSync(fixture), 'see the top of the suite for how to write it').toBe(true)
    }))

  test.each(versions)('a database of schema %d opens, keeps its data and goes on', (version) =>
    inEmpty(async (database) => {
      await database.load(textOf(version), version)
      const store = await database.open()
      const { keys, usage, rows, heads, ...added } = await contentsOf(store)
      expect(keys.map(({ keyId }) => keyId)).toEqual(['Fixture3', 'Fixture2', 'Fixture1'])
      expect(keys).toMatchSnapshot()
      expect(usage).toMatchSnapshot()
      expect(rows).toMatchSnapshot()
      expect(added).toMatchSnapshot()

      await insert(store, 'Fixture4')
      await store.reportLeak('Fixture4', leakOf('Fixture4', 'link4'))
      expect(await verifiedRows(store)).toHaveLength(rows.length + 3)
      expect((await store.auditHeads()).map(({ chain }) => chain)).toEqual(
        heads.map(({ chain }) => chain),
      )
      await store.close()
    }),
  )

  test('an old database has the schema of a new one after it was opened', () =>
    inEmpty(async (fresh) => {
      await (await fresh.open()).close()
      for (const version of versions) {
        await inEmpty(async (old) => {
          await old.load(textOf(version), version)
          await (await old.open()).close()
          expect(await old.layout()).toEqual(await fresh.layout())
        })
      }
    }))

  test('STORAGE.md lists each table and column, and no other', () =>
    inEmpty(async (database) => {
      await (await database.open()).close()
      const text = readFileSync(STORAGE, 'utf8')
      const listed = [...sharedColumns(text), ...ownColumns(text)]
      expect(listed.sort()).toEqual((await database.columns()).sort())
    }))
}

/** What the sections under "Tables" list: a heading for each table, a row for each column or two. */
function sharedColumns(text: string): string[] {
  const tables = text.slice(text.indexOf('\n## Tables'), text.indexOf('\n## The hash chain'))
  return tables
    .split('\n### ')
    .slice(1)
    .flatMap((section) => {
      const [table = ''] = section.split('\n')
      const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)
      return cells.flatMap((cell) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, column]) => `${table}.${column}`),
      )
    })
}

/** Data that reaches every table and column. */
async function fill(store: Store, name: string): Promise<void> {
  const named = sampleKey('Fixture1', { name, allowedAddresses: ['192.0.2.0/24'] })
  const created = sampleEntry('key.created', { keyId: 'Fixture1' })
  await store.insertKey(named, created, { key: 'request-1', digest: 'asked' })
  await insert(store, 'Fixture2', {
    owner: { email: 'grace@example.org', externalId: 'cust_42' },
    scopes: ['read', 'chat:write'],
    mode: 'test',
    limitOverrides: [{ name: 'day', quota: 5, windowMs: 86_400_000, algorithm: 'fixed-window' }],
  })
  const replacement = sampleKey('Fixture3', { rotatedFrom: 'Fixture1' })
  await store.rotateKey('Fixture1', replacement, START_MS + 1000, [sampleEntry('key.rotated')])
  const revoke = { kind: 'revoke', atMs: START_MS + 5 } as const
  await store.changeKey('Fixture2', revoke, sampleEntry('key.revoked', { keyId: 'Fixture2' }))
  const where = { address: '203.0.113.7', requestId: 'req-1', details: { limit: 'minute' } }
  await store.appendAudit([sampleEntry('limit.exceeded', { ...where, count: 47_200 })])
  const usage = { subject: 'kFixture1', admissionsMs: [START_MS, START_MS + 7] }
  const meters = { minute: [1.5, Number.NEGATIVE_INFINITY] }
  await store.saveUsage([{ ...usage, expiresAtMs: START_MS + 86_400_000, meters }], START_MS)
  await fillLeaks(store)
  await fillSpend(store)
}

async function fillSpend(store: Store): Promise<void> {
  const calls = ['settled', 'expired', 'open'].map((id) => reservationOf(id, { keyId: 'Fixture1' }))
  await store.openSpend(calls.slice(0, 2))
  await store.settleSpend([{ ...settlementOf('settled', 30), usage: EVERY_TOKEN }])
  await store.expireSpend(CALL_MS + MINUTE_MS, expiredEntry)
  await store.openSpend(calls.slice(2))
  await store.resetSpend(keyScope('Fixture1'), CALL_MS, RESET)
  const caps = { perDayMicroUsd: 5, perMonthMicroUsd: 6, models: ['gpt-4o'], maxOutputTokens: 7 }
  const capped = sampleEntry('spend.capped')
  await store.setSpendCaps(keyScope('Fixture1'), { scope: keyScope('Fixture1'), ...caps }, capped)
  await store.enqueueMail([
    sampleMail('spend-account', { kind: 'spend.alert', audience: 'webhook', keyId: '' }),
  ])
}

async function fillLeaks(store: Store): Promise<void> {
  await store.reportLeak('Fixture2', leakOf('Fixture2', 'link1'))
  await store.raiseSuspicion('Fixture3', suspicionOf('Fixture3', 'link2', { suspend: true }))
  await addToken(store, 'link2', 'a'.repeat(64))
  await store.claimMail({ nowMs: START_MS, leaseMs: 60_000, count: 1 })
  await store.enqueueMail([
    sampleMail('expiring-Fixture1', { kind: 'key.expiring', audience: 'operator' }),
  ])
  await store.claimMail({ nowMs: START_MS, leaseMs: 60_000, count: 1 })
  const failed = { kind: 'failed', atMs: START_MS, problem: 'there is no such box' } as const
  await store.settleMail('expiring-Fixture1', 1, failed)
  const use = { requests: 3, lastUsedAtMs: START_MS }
  const networks = [{ network: '203.0.113.0/24', ...use }]
  await store.saveActivity([{ keyId: 'Fixture1', hourStartMs: START_MS - 1, ...use, networks }])
  const [first] = await store.readAudit({ pageSize: 1 })
  if (first === undefined) throw new Error('there is no row')
  const { chain, seq, hash } = first.row
  const signed = { atMs: START_MS, signature: 'c2lnbmVk', publicKey: 'a2V5' }
  await store.pruneAudit([{ chain, seq, hash, ...signed }], sampleEntry('audit.pruned'))
}
