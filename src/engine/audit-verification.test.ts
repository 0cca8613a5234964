/** What exported heads and keys show that the log by itself cannot. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../../tests/servers/postgres.ts'
import { TestSchema } from '../../tests/stores/postgres-schemas.ts'
import { createAuditSigner } from '../compose/audit-signer.ts'
import type { AuditEntry, AuditHead, AuditRow } from '../core/audit.ts'
import { chainRows, emptyHead } from '../core/audit-chain.ts'
import type { SignedPlace } from '../core/audit-signature.ts'
import type { ImportedBatch, Store } from '../core/ports/store.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { type VerificationParts, verifyLog } from './audit-verification.ts'
import { pruneLog } from './retention/prune.ts'
import { signPlace } from './retention/signatures.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

const entry = (n: number): AuditEntry => ({
  ...{ atMs: 1_750_000_000_000 + n, event: 'key.revoked', keyId: 'AuditKy1', actor: 'cli' },
  ...{ address: null, requestId: null, details: { n }, count: 1 },
})
const LOG = chainRows(
  emptyHead('main'),
  Array.from({ length: 30 }, (_, n) => entry(n)),
)
/** Row 10 tells another story, and every hash and the head were computed anew. */
const REWRITTEN = chainRows(
  emptyHead('main'),
  LOG.map((row) => (row.seq === 10 ? { ...row, actor: 'nobody' } : row)),
)
const headOf = (rows: readonly AuditRow[]): AuditHead[] => rows.slice(-1)

let folder = ''
let schema: TestSchema
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-heads-'))
  schema = new TestSchema(url)
})
afterEach(async () => {
  await schema.drop()
  rmSync(folder, { recursive: true })
})

const DATABASES = [
  { name: 'SQLite', open: () => openSqliteStore({ path: join(folder, 'lockgate.db') }) },
  { name: 'PostgreSQL', open: () => schema.open() },
]

describe.each(DATABASES)('on $name', ({ open }) => {
  const signer = () => createAuditSigner(join(folder, 'audit.pem'))
  const exported = (seq: number, rows = LOG): Promise<SignedPlace[]> =>
    Promise.all(
      rows.slice(seq - 1, seq).map((row) => signPlace(signer(), 'head', row, 1_750_000_000_000)),
    )

  async function withLog(rows: readonly AuditRow[], use: (store: Store) => Promise<void>) {
    const store = await open()
    async function* batches(): AsyncGenerator<ImportedBatch> {
      yield { audit: rows }
    }
    try {
      await store.importData(batches(), headOf(rows))
      await use(store)
    } finally {
      await store.close()
    }
  }

  test('a log that was rewritten as a whole verifies, but not against an exported head', () =>
    withLog(REWRITTEN, async (store) => {
      const parts = { store, signer: signer() }
      const heads = [...(await exported(8)), ...(await exported(20)), ...(await exported(30))]
      expect(await verifyLog(parts)).toMatchObject({ intact: true, rows: 30 })
      expect(await verifyLog(parts, { heads })).toEqual({
        ...{ intact: false, chain: 'main', seq: 20 },
        problem: 'not the row of the exported head',
      })
      const before = await verifyLog(parts, { heads: await exported(8) })
      expect(before).toMatchObject({ intact: true, heads: { passed: 1, pruned: 0 } })
    }))

  test('the log that the heads are of passes, also when it has grown', () =>
    withLog(LOG, async (store) => {
      const heads = [...(await exported(20)), ...(await exported(30))]
      await store.appendAudit([entry(31)])
      const verdict = await verifyLog({ store, signer: signer() }, { heads })
      expect(verdict).toMatchObject({ intact: true, rows: 31, heads: { passed: 2, pruned: 0 } })
    }))

  test('a log that was cut below an exported head has lost it', () =>
    withLog(LOG.slice(0, 25), async (store) => {
      const parts = { store, signer: signer() }
      expect(await verifyLog(parts)).toMatchObject({ intact: true, rows: 25 })
      expect(await verifyLog(parts, { heads: await exported(30) })).toMatchObject({
        ...{ intact: false, seq: 30, problem: 'the row of the exported head is gone' },
      })
    }))

  test('a head that was changed, or signed by a stranger, does not count as evidence', () =>
    withLog(REWRITTEN, async (store) => {
      const parts = { store, signer: signer() }
      const [head] = await exported(20)
      const forged = head && [{ ...head, hash: REWRITTEN[19]?.hash ?? '' }]
      const problem = 'exported head: bad signature'
      expect(await verifyLog(parts, { heads: forged ?? [] })).toMatchObject({ seq: 20, problem })
      const strangers = createAuditSigner(join(folder, 'stranger.pem'))
      const heads = [await signPlace(strangers, 'head', headOf(REWRITTEN)[0] ?? emptyHead('x'), 1)]
      expect(await verifyLog(parts, { heads })).toMatchObject({
        ...{ intact: false, problem: 'exported head: unknown signing key' },
      })
    }))

  test('an exported head cannot stand in as a checkpoint for rows that were deleted', () =>
    withLog(LOG, async (store) => {
      const heads = await exported(20)
      await store.pruneAudit(heads, { ...entry(40), event: 'audit.pruned' })
      const own = signer()
      for (const signing of [own, undefined]) {
        expect(await verifyLog({ store, signer: signing })).toMatchObject({
          ...{ intact: false, seq: 20, problem: 'checkpoint: bad signature' },
        })
      }
    }))

  test('a log of which rows go while it is read is read again', () =>
    withLog(LOG, async (store) => {
      const clock = createTestClock(1_750_000_000_000 + 2 * 86_400_000)
      let isPruned = false
      const pruning: VerificationParts['store'] = {
        auditHeads: () => store.auditHeads(),
        auditCheckpoints: () => store.auditCheckpoints(),
        async readAudit(query) {
          const parts = { store, clock, signer: signer(), actor: 'cli' }
          if (!isPruned) await pruneLog(parts, { keepForMs: null, keepRows: 10 })
          isPruned = true
          return store.readAudit(query)
        },
      }
      const verdict = await verifyLog({ store: pruning, signer: signer() })
      expect(verdict).toMatchObject({ intact: true, rows: 11, checkpoints: 1 })
    }))

  test('whose signatures are believed is told, the surest source first', () =>
    withLog(LOG, async (store) => {
      const heads = await exported(30)
      const key = String(await signer().publicKey())
      const trustOf = async (...given: Parameters<typeof verifyLog>) => {
        const verdict = await verifyLog(...given)
        return verdict.intact ? verdict.trust : verdict
      }
      const unsigned = { store, signer: undefined }
      expect(await trustOf({ store, signer: signer() })).toEqual({
        source: 'signing key',
        keys: [key],
      })
      expect(await trustOf(unsigned, { heads })).toEqual({ source: 'heads', keys: [key] })
      expect(await trustOf(unsigned)).toEqual({ source: 'nobody', keys: [] })
      const trustedKeys = [key]
      expect(await trustOf(unsigned, { trustedKeys })).toEqual({ source: 'given', keys: [key] })
    }))
})
