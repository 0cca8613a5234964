/** What a store promises about opening, closing and changes from outside. */
import assert from 'node:assert/strict'
import type { StoreTests } from '../store-contract.ts'
import {
  eventsOf,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from './samples.ts'

export function lifetimeContract({ test, durableTest }: StoreTests): void {
  durableTest(
    'keys and audit rows are there after it is opened again',
    async (store, underTest) => {
      await insert(store, 'Durable1')
      const revoke = { kind: 'revoke', atMs: START_MS } as const
      await store.changeKey('Durable1', revoke, sampleEntry('key.revoked'))
      const before = { key: await store.findKey('Durable1'), rows: await verifiedRows(store) }
      await store.close()
      const again = await underTest.reopen()
      try {
        const after = { key: await again.findKey('Durable1'), rows: await verifiedRows(again) }
        assert.deepEqual(after, before)
      } finally {
        await again.close()
      }
    },
  )

  test('its own changes are not changes from outside', async (store) => {
    const revision = store.externalRevision()
    await insert(store, 'OwnKey01')
    await store.appendAudit([sampleEntry('auth.failed')])
    await store.saveUsage([], START_MS)
    assert.equal(store.externalRevision(), revision)
  })

  test('closing waits for what was asked before and can be repeated', async (store) => {
    const keyIds = ['LastKey1', 'LastKey2', 'LastKey3', 'LastKey4']
    const inserted = keyIds.map((keyId) => insert(store, keyId))
    const closed = store.close()
    for (const record of await Promise.all(inserted)) assert.equal(record.version, 1)
    await closed
    await store.close()
  })

  test('after closing everything rejects with store_unavailable', async (store) => {
    await store.close()
    await rejectsWith('store_unavailable', insert(store, 'TooLate1'))
    await rejectsWith('store_unavailable', store.findKey('TooLate1'))
    await rejectsWith('store_unavailable', store.listKeys({ pageSize: 1 }))
    await rejectsWith('store_unavailable', store.appendAudit([sampleEntry('auth.failed')]))
    await rejectsWith('store_unavailable', store.readAudit({ pageSize: 1 }))
    await rejectsWith('store_unavailable', store.loadUsage(START_MS))
  })

  durableTest(
    'two stores on the same data see and order each other’s changes',
    async (one, under) => {
      const two = await under.reopen()
      try {
        const stores = [one, two]
        const inserts = Array.from({ length: 20 }, (_, index) => {
          const keyId = `Shared${String(index).padStart(2, '0')}`
          const entry = sampleEntry('key.created', { keyId })
          return stores[index % 2]?.insertKey(sampleKey(keyId), entry)
        })
        await Promise.all(inserts)
        for (const store of stores) {
          assert.equal((await store.listKeys({ pageSize: 100 })).length, 20)
          assert.equal((await eventsOf(store)).length, 20)
        }
      } finally {
        await two.close()
      }
    },
  )
}
