/**
 * The tampering suite of both SQL stores: whoever can write to the database edits, drops and moves rows
 * of the audit log, and verification names the first place that does not hold what was written there.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuditEntry, AuditEvent } from '../../src/core/audit.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { sampleEntry } from '../../src/testing/store-contract/samples.ts'
import { placeIn, swap, type TamperedDatabase, verdictAfter, verdictOf } from './verdict.ts'

const ROWS = 20
const LONG_ROWS = 1000

/** Every twentieth row of the long log is one of these, and its last one. */
const LIFECYCLE: readonly AuditEvent[] = [
  ...(['key.created', 'key.leaked', 'key.revoked', 'key.replaced', 'key.rotated'] as const),
  ...(['key.disabled', 'key.enabled', 'key.suspicious', 'key.kept', 'config.changed'] as const),
]

const EDITS = [
  `at_ms = at_ms + 1`,
  `event = 'auth.failed'`,
  `event = 'made.up'`,
  `key_id = null`,
  `key_id = 'AuditKy2'`,
  `actor = 'cli'`,
  `address = '::1'`,
  `request_id = request_id || ' '`,
  `details = '{}'`,
  `details = 'not json'`,
  `details = 'null'`,
  `details = replace(details, ',', ', ')`,
  `details = replace(details, '{', '{"limit":"day",')`,
  `count = count + 1`,
  `previous_hash = hash`,
  `hash = previous_hash`,
  `hash = upper(hash)`,
  `seq = seq + 1000`,
]

export function tamperingSuite(
  database: () => TamperedDatabase,
  dialectEdits: readonly string[] = [],
): void {
  describe('a log of twenty rows', () => shortLog(database, dialectEdits))
  describe('a log that was pruned', () => prunedLog(database))
  describe('a log of a thousand rows', () => longLog(database))
}

const numbered = (n: number, overrides: Partial<AuditEntry> = {}): AuditEntry =>
  sampleEntry('limit.exceeded', {
    ...{ atMs: n, keyId: 'AuditKy1', actor: 'gateway', address: '::', requestId: `r\0${n}` },
    ...{ details: { limit: 'minute', n }, count: n, ...overrides },
  })

const fill = (store: Store) =>
  store.appendAudit(Array.from({ length: ROWS }, (_, index) => numbered(index + 1)))

function shortLog(database: () => TamperedDatabase, dialectEdits: readonly string[]): void {
  beforeEach(async () => {
    await fill(database().store)
  })

  test('is intact when nobody touched it', async () => {
    expect(await verdictAfter(database())).toEqual({ intact: true, rows: ROWS, chains: 1 })
  })

  test.each([...EDITS, ...dialectEdits])('shows "set %s" in any row', async (assignment) => {
    for (const seq of [1, 7, ROWS]) {
      const statement = `update audit set ${assignment} where seq = ${seq}`
      expect(placeIn(await verdictAfter(database(), statement))).toBe(`edited ${seq}`)
    }
  })

  test('shows deleted rows, swapped positions, a cut tail and a moved head', async () => {
    const after = async (...statements: string[]) =>
      placeIn(await verdictAfter(database(), ...statements))
    expect(await after('delete from audit where seq = 7')).toBe('deleted 7')
    expect(await after('delete from audit where seq = 1')).toBe('deleted 1')
    expect(await after('delete from audit where seq > 15')).toBe('tail cut off 16')
    expect(await after('delete from audit')).toBe('tail cut off 1')
    expect(await after(...swap(7, 8))).toBe('reordered 7')
    const head = '(select hash from audit where seq = 15)'
    const moved = `update audit_heads set seq = 15, hash = ${head}`
    expect(await after(moved)).toBe('inserted 16')
    expect(await after(`update audit_heads set hash = ''`)).toBe(`edited ${ROWS}`)
    expect(await after('delete from audit_heads')).toBe('inserted 1')
  })
}

function prunedLog(database: () => TamperedDatabase): void {
  beforeEach(async () => {
    const { store } = database()
    const rows = await fill(store)
    const { chain = '', seq = 0, hash = '' } = rows[9] ?? {}
    const signed = { atMs: 1, signature: 'c2lnbmVk', publicKey: 'a2V5' }
    await store.pruneAudit([{ chain, seq, hash, ...signed }], sampleEntry('audit.pruned'))
  })

  test('is intact when nobody touched it', async () => {
    expect(await verdictAfter(database())).toEqual({ intact: true, rows: 11, chains: 1 })
  })

  test('shows a checkpoint that was edited, moved or deleted, and rows that went on', async () => {
    const after = async (...statements: string[]) =>
      placeIn(await verdictAfter(database(), ...statements))
    const checkpoint = 'update audit_checkpoints set'
    expect(await after(`${checkpoint} hash = '${'0'.repeat(64)}'`)).toBe('edited 11')
    expect(await after(`${checkpoint} seq = 9`)).toBe('deleted 10')
    expect(await after(`${checkpoint} seq = 11`)).toBe('inserted 11')
    const next = '(select hash from audit where seq = 11)'
    expect(await after(`${checkpoint} seq = 11, hash = ${next}`)).toBe('inserted 11')
    expect(await after(`${checkpoint} chain = 'other'`)).toBe('deleted 1')
    expect(await after('delete from audit_checkpoints')).toBe('deleted 1')
    expect(await after('delete from audit where seq = 11')).toBe('deleted 11')
    expect(await after('delete from audit')).toBe('tail cut off 11')
    expect(await after('update audit set actor = actor || 0 where seq = 11')).toBe('edited 11')
  })

  test('shows an edited checkpoint also where no row is left', async () => {
    const { store, run } = database()
    const last = (await store.readAuditTail({ pageSize: 1 }))[0]?.row
    const { chain = '', seq = 0, hash = '' } = last ?? {}
    await run(`update audit_checkpoints set seq = ${seq}, hash = '${hash}'`, 'delete from audit')
    expect(placeIn(await verdictOf(store))).toBe('intact')
    await run(`update audit_checkpoints set hash = '${'0'.repeat(64)}'`)
    expect(placeIn(await verdictOf(store))).toBe(`edited ${seq}`)
    await run(
      `update audit_checkpoints set seq = seq + 1, hash = '${hash}' where chain = '${chain}'`,
    )
    expect(placeIn(await verdictOf(store))).toBe(`inserted ${seq + 1}`)
  })
}

function longLog(database: () => TamperedDatabase): void {
  const isLifecycle = (n: number) => n % 20 === 0 || n === LONG_ROWS - 1
  const eventOf = (n: number): AuditEvent =>
    (isLifecycle(n) ? LIFECYCLE[Math.ceil(n / 20) % LIFECYCLE.length] : undefined) ??
    'limit.exceeded'

  test('shows each lifecycle row that is edited, dropped or swapped, by its place', async () => {
    const { store, run } = database()
    const rows = await store.appendAudit(
      Array.from({ length: LONG_ROWS }, (_, n) => numbered(n + 1, { event: eventOf(n) })),
    )
    const lifecycle = rows.filter(({ event }) => event !== 'limit.exceeded')
    expect(lifecycle).toHaveLength(51)
    for (const { seq, actor } of lifecycle) {
      const row = `where seq = ${seq}`
      await run(`update audit set actor = 'nobody' ${row}`)
      expect(placeIn(await verdictOf(store))).toBe(`edited ${seq}`)
      await run(`update audit set actor = '${actor}' ${row}`)

      await run(`create table dropped as select * from audit ${row}`, `delete from audit ${row}`)
      const problem = seq === LONG_ROWS ? 'tail cut off' : 'deleted'
      expect(placeIn(await verdictOf(store))).toBe(`${problem} ${seq}`)
      await run('insert into audit select * from dropped', 'drop table dropped')

      const first = Math.min(seq, LONG_ROWS - 1)
      await run(...swap(first, first + 1))
      expect(placeIn(await verdictOf(store))).toBe(`reordered ${first}`)
      await run(...swap(first, first + 1))
    }
    expect(await verdictOf(store)).toEqual({ intact: true, rows: LONG_ROWS, chains: 1 })
  }, 120_000)
}
