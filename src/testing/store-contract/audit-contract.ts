/** What a store promises about the audit log: append-only, in order, in intact hash chains. */
import assert from 'node:assert/strict'
import type { AuditDetails, AuditEntry } from '../../core/audit.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import {
  HOSTILE_TEXTS,
  IMPOSSIBLE_ENTRY,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
  verifiedRows,
} from './samples.ts'

const numbered = (from: number, count: number): AuditEntry[] =>
  Array.from({ length: count }, (_, index) =>
    sampleEntry(index % 2 === 0 ? 'limit.exceeded' : 'auth.failed', {
      atMs: START_MS + from + index,
      keyId: index % 4 === 0 ? 'AuditKy1' : null,
      count: from + index + 1,
      details: { limit: 'minute', n: from + index },
    }),
  )

const countsOf = (rows: readonly { readonly row: AuditEntry }[]): number[] =>
  rows.map(({ row }) => row.count)

export function auditContract(tests: StoreTests): void {
  chainContract(tests)
  readingContract(tests)
}

function chainContract({ test, durableTest }: StoreTests): void {
  test('an empty log has no rows and no heads', async (store) => {
    assert.deepEqual(await verifiedRows(store), [])
    assert.deepEqual(await store.auditHeads(), [])
    assert.deepEqual(await store.appendAudit([]), [])
  })

  test('appended entries are returned as they are kept, in order', async (store) => {
    const entries = numbered(0, 10)
    const rows = [
      ...(await store.appendAudit(entries.slice(0, 3))),
      ...(await store.appendAudit(entries.slice(3))),
    ]
    assert.deepEqual(await verifiedRows(store), rows)
    const { chain } = rows[0] ?? assert.fail('no row')
    for (const [index, row] of rows.entries()) {
      const { chain: _, seq, previousHash: __, hash: ___, ...entry } = row
      assert.equal(seq, index + 1)
      assert.deepEqual(entry, entries[index])
    }
    const last = rows.at(-1) ?? assert.fail('no row')
    assert.deepEqual(await store.auditHeads(), [{ chain, seq: 10, hash: last.hash }])
  })

  test('a group with an entry that is refused is not appended at all', async (store) => {
    await assert.rejects(store.appendAudit([...numbered(0, 3), IMPOSSIBLE_ENTRY]))
    assert.deepEqual(await verifiedRows(store), [])
  })

  test('appends and changes of keys at once make one intact log', async (store) => {
    const writes = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? insert(store, `Mixed${index}`) : store.appendAudit(numbered(index, 3)),
    )
    await Promise.all<unknown>(writes)
    assert.equal((await verifiedRows(store)).length, 20 + 60)
  })

  test('hostile text in any field and in details is kept and verifies', async (store) => {
    const entries = HOSTILE_TEXTS.map((text) =>
      sampleEntry('config.changed', {
        keyId: text,
        actor: text,
        address: text,
        requestId: text,
        details: Object.fromEntries<AuditDetails[string]>([
          ['__proto__', text],
          [text, text],
          ['10', 1e300],
          ['9', -0.5],
          ['a', true],
          ['b', null],
        ]),
      }),
    )
    const rows = await store.appendAudit(entries)
    assert.deepEqual(await verifiedRows(store), rows)
    for (const [index, row] of rows.entries()) {
      const { actor, address, requestId, keyId, details } = row
      const entry = entries[index]
      assert.deepEqual({ ...entry, actor, address, requestId, keyId, details }, entry)
    }
  })

  test('text and numbers that no database keeps are mended before they are hashed', async (store) => {
    const details = { '\udc00': 'x\ud800', n: Number.NaN, m: Number.POSITIVE_INFINITY, z: -0 }
    const half = 'half\ud800'
    const where = { actor: half, keyId: half, address: half, requestId: half }
    const entry = sampleEntry('auth.failed', { ...where, details })
    const rows = await store.appendAudit([entry])
    assert.deepEqual(await verifiedRows(store), rows)
    const { actor, keyId, address, requestId, details: kept } = rows[0] ?? assert.fail('no row')
    assert.deepEqual([actor, keyId, address, requestId], Array(4).fill('half\ufffd'))
    assert.deepEqual(kept, { '\ufffd': 'x\ufffd', n: null, m: null, z: 0 })
  })

  durableTest(
    'a log goes on where it ended after the store is opened again',
    async (store, under) => {
      await store.appendAudit(numbered(0, 5))
      await store.close()
      const again = await under.reopen()
      try {
        await again.appendAudit(numbered(5, 5))
        const rows = await verifiedRows(again)
        assert.deepEqual(
          rows.map(({ count }) => count),
          [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        )
      } finally {
        await again.close()
      }
    },
  )
}

function readingContract({ test }: StoreTests): void {
  test('a position is a cursor that pages oldest first', async (store) => {
    await store.appendAudit(numbered(0, 10))
    const first = await store.readAudit({ pageSize: 4 })
    assert.deepEqual(countsOf(first), [1, 2, 3, 4])
    const rest = { afterPosition: first[3]?.position ?? 0, pageSize: 10_000 }
    assert.deepEqual(countsOf(await store.readAudit(rest)), [5, 6, 7, 8, 9, 10])
  })

  test('the tail is the newest rows, oldest first', async (store) => {
    await store.appendAudit(numbered(0, 10))
    assert.deepEqual(countsOf(await store.readAuditTail({ pageSize: 3 })), [8, 9, 10])
    const failures = await store.readAuditTail({ event: 'auth.failed', pageSize: 2 })
    assert.deepEqual(countsOf(failures), [8, 10])
    assert.equal((await store.readAuditTail({ pageSize: 100 })).length, 10)
  })

  test('filters narrow what is read, alone and together', async (store) => {
    await store.appendAudit(numbered(0, 10))
    const counts = async (query: Omit<Parameters<Store['readAudit']>[0], 'pageSize'>) => {
      const rows = await store.readAudit({ ...query, pageSize: 100 })
      assert.deepEqual(await store.readAuditTail({ ...query, pageSize: 100 }), rows)
      return countsOf(rows)
    }
    assert.deepEqual(await counts({ keyId: 'AuditKy1' }), [1, 5, 9])
    assert.deepEqual(await counts({ event: 'auth.failed' }), [2, 4, 6, 8, 10])
    assert.deepEqual(await counts({ events: ['auth.failed', 'key.revoked'] }), [2, 4, 6, 8, 10])
    assert.deepEqual(await counts({ events: [] }), [])
    assert.deepEqual(await counts({ sinceMs: START_MS + 7 }), [8, 9, 10])
    assert.deepEqual(await counts({ untilMs: START_MS + 2 }), [1, 2])
    assert.deepEqual(await counts({ sinceMs: START_MS + 2, untilMs: START_MS + 4 }), [3, 4])
    const together = { keyId: 'AuditKy1', event: 'limit.exceeded', sinceMs: START_MS + 4 } as const
    assert.deepEqual(await counts(together), [5, 9])
    assert.deepEqual(await counts({ keyId: 'Unknown1' }), [])
  })

  test('actor and address are found by their exact text', async (store) => {
    const entries = HOSTILE_TEXTS.flatMap((text) => [
      sampleEntry('auth.failed', { actor: text }),
      sampleEntry('auth.failed', { actor: 'cli', address: text }),
    ])
    await store.appendAudit(entries)
    for (const text of HOSTILE_TEXTS) {
      const by = await store.readAudit({ actor: text, pageSize: 100 })
      assert.deepEqual(
        by.map(({ row }) => [row.actor, row.address]),
        [[text, null]],
      )
      const from = await store.readAuditTail({ address: text, actor: 'cli', pageSize: 100 })
      assert.deepEqual(
        from.map(({ row }) => row.address),
        [text],
      )
    }
  })

  test('an impossible page size is invalid_parameter', async (store) => {
    for (const pageSize of [0, -1, 10_001, 1.5, Number.NaN]) {
      await rejectsWith('invalid_parameter', store.readAudit({ pageSize }))
      await rejectsWith('invalid_parameter', store.readAuditTail({ pageSize }))
    }
  })
}
