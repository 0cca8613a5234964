/** Letting go of old rows on both databases: what goes, what stays, and that the rest verifies. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import { createAuditSigner } from '../../compose/audit-signer.ts'
import type { AuditEntry } from '../../core/audit.ts'
import type { Store } from '../../core/ports/store.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { verifyLog } from '../audit-verification.ts'
import { type PruneParts, pruneLog } from './prune.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START_MS = 1_750_000_000_000

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let folder = ''
let schema: TestSchema
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-prune-'))
  schema = new TestSchema(url)
})
afterEach(async () => {
  await schema.drop()
  rmSync(folder, { recursive: true })
})

const entry = (n: number, atMs: number): AuditEntry => ({
  ...{ atMs, event: 'limit.exceeded', keyId: 'AuditKy1', actor: 'gateway', address: '192.0.2.7' },
  ...{ requestId: `r${n}`, details: { limit: 'minute' }, count: 1 },
})

/** A row an hour, from the first on. */
const hourly = (count: number): AuditEntry[] =>
  Array.from({ length: count }, (_, n) => entry(n, START_MS + n * HOUR_MS))

const DATABASES = [
  {
    name: 'SQLite',
    open: () => openSqliteStore({ path: join(folder, 'lockgate.db') }),
    run: async (statement: string) => {
      const db = new DatabaseSync(join(folder, 'lockgate.db'))
      db.exec(statement)
      db.close()
    },
  },
  {
    name: 'PostgreSQL',
    open: () => schema.open(),
    run: async (statement: string) => void (await schema.query(statement)),
  },
]

describe.each(DATABASES)('the audit log on $name', ({ open, run }) => {
  let store: Store
  let parts: PruneParts
  beforeEach(async () => {
    store = await open()
    const clock = createTestClock(START_MS)
    parts = { store, clock, actor: 'cli', signer: createAuditSigner(join(folder, 'audit.pem')) }
  })
  afterEach(() => store.close())

  const rows = async () => (await store.readAudit({ pageSize: 10_000 })).map(({ row }) => row)
  const verify = () => verifyLog(parts)
  const later = (ms: number): PruneParts => ({ ...parts, clock: createTestClock(START_MS + ms) })

  test('lets go of rows beyond an age, says how many went, and verifies from there on', async () => {
    await store.appendAudit(hourly(100))
    const report = await pruneLog(later(99 * HOUR_MS), { keepForMs: 2 * DAY_MS, keepRows: null })
    expect(report).toEqual({ rows: 51, untilMs: START_MS + 50 * HOUR_MS })
    const left = await rows()
    expect(left.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => n + 52))
    expect(left.at(-1)).toMatchObject({
      ...{ event: 'audit.pruned', actor: 'cli' },
      details: { rows: 51, until: new Date(START_MS + 50 * HOUR_MS).toISOString() },
    })
    expect(await verify()).toMatchObject({
      ...{ intact: true, rows: 50, chains: 1, checkpoints: 1 },
      trust: { source: 'signing key' },
    })
  })

  test('lets go of the oldest rows beyond a number, and of none younger than a day', async () => {
    await store.appendAudit(hourly(100))
    const now = later(99 * HOUR_MS)
    expect(await pruneLog(now, { keepForMs: null, keepRows: 60 })).toMatchObject({ rows: 40 })
    expect((await rows())[0]?.seq).toBe(41)
    expect(await pruneLog(now, { keepForMs: 0, keepRows: 1 })).toMatchObject({ rows: 35 })
    const [first] = await rows()
    expect(first?.atMs).toBe(START_MS + 75 * HOUR_MS)
    expect(await pruneLog(now, { keepForMs: 0, keepRows: 1 })).toEqual({ rows: 0, untilMs: null })
    expect(await verify()).toMatchObject({ intact: true, checkpoints: 1 })
  })

  test('goes in pieces, each with a row, and a dry run only counts', async () => {
    await store.appendAudit(hourly(2_500))
    const now = later(10_000 * HOUR_MS)
    const bounds = { keepForMs: DAY_MS, keepRows: null }
    expect(await pruneLog(now, { ...bounds, dryRun: true })).toMatchObject({ rows: 2_500 })
    expect(await rows()).toHaveLength(2_500)
    expect(await pruneLog(now, bounds)).toMatchObject({ rows: 2_500 })
    const left = await rows()
    expect(left.map(({ details }) => details['rows'])).toEqual([500, 500, 500, 500, 500])
    expect(await verify()).toMatchObject({ intact: true, rows: 5 })
  })

  test('keeps all that follows a row which stays: only whole prefixes go', async () => {
    const old = hourly(20)
    await store.appendAudit([...old.slice(0, 5), entry(99, START_MS + 999 * DAY_MS), ...old])
    expect(
      await pruneLog(later(100 * DAY_MS), { keepForMs: DAY_MS, keepRows: null }),
    ).toMatchObject({ rows: 5 })
    expect((await rows())[0]?.seq).toBe(6)
    expect(await verify()).toMatchObject({ intact: true })
  })

  test('that was tampered with is not pruned, so that no checkpoint hides it', async () => {
    await store.appendAudit(hourly(50))
    await run(`update audit set actor = 'nobody' where seq = 7`)
    const pruning = pruneLog(later(99 * DAY_MS), { keepForMs: DAY_MS, keepRows: null })
    await expect(pruning).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('broken at row 7 of chain'),
    })
    expect(await rows()).toHaveLength(50)
  })

  test('with a checkpoint of another key does not verify, and no more is built on it', async () => {
    await store.appendAudit(hourly(50))
    const forger = createAuditSigner(join(folder, 'forger.pem'))
    const now = later(99 * DAY_MS)
    await parts.signer.sign(Buffer.of(0))
    await pruneLog({ ...now, signer: forger }, { keepForMs: null, keepRows: 30 })
    const verdict = await verify()
    expect(verdict).toMatchObject({
      intact: false,
      seq: 20,
      problem: 'checkpoint: unknown signing key',
    })
    const more = { keepForMs: DAY_MS, keepRows: null }
    await expect(pruneLog(now, more)).rejects.toMatchObject({ code: 'conflict' })
    // A key that was in use before is believed where it is named.
    const trustedKeys = [String(await forger.publicKey())]
    expect(await pruneLog(now, { ...more, trustedKeys })).toMatchObject({ rows: 30 })
    expect(await verify()).toMatchObject({ intact: true })
  })

  test('with a checkpoint that was moved or signed for another place does not verify', async () => {
    await store.appendAudit(hourly(50))
    const now = later(99 * DAY_MS)
    await pruneLog(now, { keepForMs: null, keepRows: 40 })
    const [row] = await rows()
    await run('delete from audit where seq = 11')
    expect(await verify()).toMatchObject({ intact: false, seq: 11, problem: 'deleted' })
    await run(`update audit_checkpoints set seq = 11, hash = '${row?.hash}'`)
    expect(await verify()).toMatchObject({ seq: 11, problem: 'checkpoint: bad signature' })
  })

  test('is pruned once by two processes at once, and verified meanwhile', async () => {
    await store.appendAudit(hourly(3_000))
    const other = await open()
    const now = later(9_999 * HOUR_MS)
    const bounds = { keepForMs: DAY_MS, keepRows: null }
    const [one, two, verdict] = await Promise.all([
      pruneLog(now, bounds),
      pruneLog({ ...now, store: other }, bounds),
      verifyLog({ ...parts, store: other }),
    ])
    await other.close()
    expect(one.rows + two.rows).toBe(3_000)
    expect(verdict).toMatchObject({ intact: true })
    const told = (await rows()).map(({ details }) => Number(details['rows']))
    expect(told.reduce((sum, count) => sum + count)).toBe(3_000)
    expect(await verify()).toMatchObject({ intact: true })
  })
})
