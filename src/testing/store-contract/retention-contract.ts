/** What a store promises about pruning: old rows go, and what is left verifies from the checkpoint on. */
import assert from 'node:assert/strict'
import type { AuditRow } from '../../core/audit.ts'
import type { AuditCheckpoint } from '../../core/ports/audit-retention.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import {
  eventsOf,
  IMPOSSIBLE_ENTRY,
  rejectsWith,
  START_MS,
  sampleEntry,
  verifiedRows,
} from './samples.ts'

const PRUNED = sampleEntry('audit.pruned', { details: { rows: 3 } })

const checkpointAt = (row: AuditRow | undefined, overrides: Partial<AuditCheckpoint> = {}) => {
  const { chain, seq, hash } = row ?? assert.fail('no row')
  const signed = { atMs: START_MS, signature: 'c2lnbmVk', publicKey: 'a2V5' }
  return { chain, seq, hash, ...signed, ...overrides }
}

const append = async (store: Store, count: number) => {
  for (let index = 0; index < count; index++) {
    await store.appendAudit([sampleEntry('limit.exceeded', { atMs: START_MS + index })])
  }
}

export function retentionContract({ test, durableTest }: StoreTests): void {
  test('rows up to the checkpoint go, and the rest verifies and goes on', async (store) => {
    await append(store, 5)
    const rows = await verifiedRows(store)
    const checkpoint = checkpointAt(rows[2])
    assert.equal(await store.pruneAudit([checkpoint], PRUNED), 3)
    assert.deepEqual(await store.auditCheckpoints(), [checkpoint])
    await append(store, 1)
    assert.deepEqual((await verifiedRows(store)).slice(0, 2), rows.slice(3))
    const events = ['limit.exceeded', 'limit.exceeded', 'audit.pruned', 'limit.exceeded']
    assert.deepEqual(await eventsOf(store), events)
  })

  test('a newer checkpoint takes the place of the older one', async (store) => {
    await append(store, 5)
    const rows = await verifiedRows(store)
    await store.pruneAudit([checkpointAt(rows[1])], PRUNED)
    const newer = checkpointAt(rows[3], { atMs: START_MS + 9, signature: 'bmV3' })
    assert.equal(await store.pruneAudit([newer], PRUNED), 2)
    assert.deepEqual(await store.auditCheckpoints(), [newer])
    await verifiedRows(store)
    await rejectsWith('conflict', store.pruneAudit([checkpointAt(rows[1])], PRUNED))
  })

  test('a whole log can go, and new rows follow its end', async (store) => {
    await append(store, 3)
    const last = (await verifiedRows(store)).at(-1)
    assert.equal(await store.pruneAudit([checkpointAt(last)], PRUNED), 3)
    const [row] = await verifiedRows(store)
    assert.deepEqual([row?.seq, row?.previousHash], [4, last?.hash])
  })

  test('a checkpoint that is not a row of the log is a conflict', async (store) => {
    await append(store, 3)
    const rows = await verifiedRows(store)
    const wrong = [
      { hash: '0'.repeat(64) },
      { seq: 2 },
      { seq: 99 },
      { chain: 'another' },
    ] satisfies Partial<AuditCheckpoint>[]
    for (const overrides of wrong) {
      const pruned = store.pruneAudit([checkpointAt(rows[0], overrides)], PRUNED)
      await rejectsWith('conflict', pruned)
    }
    const [good, bad] = [checkpointAt(rows[1]), checkpointAt(rows[0], { chain: 'another' })]
    await rejectsWith('conflict', store.pruneAudit([good, bad], PRUNED))
    assert.deepEqual(await verifiedRows(store), rows)
    assert.deepEqual(await store.auditCheckpoints(), [])
  })

  test('pruning whose audit entry is refused does not happen', async (store) => {
    await append(store, 3)
    const rows = await verifiedRows(store)
    await assert.rejects(store.pruneAudit([checkpointAt(rows[1])], IMPOSSIBLE_ENTRY))
    assert.deepEqual(await verifiedRows(store), rows)
    assert.deepEqual(await store.auditCheckpoints(), [])
  })

  test('of two who prune at once one does', async (store) => {
    await append(store, 3)
    const checkpoint = checkpointAt((await verifiedRows(store))[1])
    const both = [store.pruneAudit([checkpoint], PRUNED), store.pruneAudit([checkpoint], PRUNED)]
    const results = await Promise.allSettled(both)
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.deepEqual(await eventsOf(store), ['limit.exceeded', 'audit.pruned'])
  })

  durableTest('a pruned log verifies after the store is opened again', async (store, under) => {
    await append(store, 3)
    await store.pruneAudit([checkpointAt((await verifiedRows(store))[1])], PRUNED)
    await store.close()
    const again = await under.reopen()
    try {
      await append(again, 1)
      assert.equal((await verifiedRows(again)).length, 3)
    } finally {
      await again.close()
    }
  })
}
