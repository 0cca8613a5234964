/** What a store promises about calls that cost money: each counts once, whatever becomes of it. */
import assert from 'node:assert/strict'
import type { StoreTests } from '../store-contract.ts'
import {
  ACCOUNT,
  amountOf,
  CALL_MS,
  expiredEntry,
  keyScope,
  MINUTE_MS,
  reservationOf,
  seedOf,
  settlementOf,
  spend,
} from './ledger-samples.ts'
import { HOSTILE_TEXTS, rejectsWith } from './samples.ts'

const LEASE_END_MS = CALL_MS + MINUTE_MS

export function ledgerContract(tests: StoreTests): void {
  callContract(tests)
  atomicContract(tests)
}

function callContract({ test, durableTest }: StoreTests): void {
  test('an open call is held, and a settled one is in the sums', async (store) => {
    await store.openSpend([reservationOf('a'), reservationOf('b', { amount: amountOf(7) })])
    const held = { minutes: [], month: 0, open: ['a', 'b'] }
    assert.deepEqual(await seedOf(store, ACCOUNT), held)
    assert.deepEqual(
      (await store.seedSpend(ACCOUNT, CALL_MS)).open.find(({ id }) => id === 'b'),
      { id: 'b', atMs: CALL_MS, microUsd: 7, tokens: 14 },
    )
    assert.equal(await store.settleSpend([settlementOf('a', 30)]), 1)
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 30]], month: 30, open: ['b'] })
  })

  test('the first settlement of a call counts, and unknown ones do not', async (store) => {
    await store.openSpend([reservationOf('a'), reservationOf('b')])
    const twice = [settlementOf('a', 30), settlementOf('a', 99), settlementOf('unknown', 99)]
    assert.equal(await store.settleSpend(twice), 1)
    assert.equal(await store.settleSpend(twice), 0)
    assert.equal(await store.settleSpend([]), 0)
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 30]], month: 30, open: ['b'] })
  })

  test('an extension of a call costs money, and is no request of its own', async (store) => {
    const leaseUntilMs = CALL_MS
    await store.openSpend([reservationOf('a'), reservationOf('more')])
    await store.openSpend([reservationOf('lateMore', { leaseUntilMs })])
    await store.expireSpend(CALL_MS, expiredEntry)
    const extensions = ['more', 'lateMore'].map((id) => settlementOf(id, 5))
    await store.settleSpend([
      settlementOf('a', 30),
      ...extensions.map((settlement) => ({ ...settlement, isExtension: true })),
    ])
    const { total } = await store.reportSpend({})
    assert.deepEqual([total.requests, total.microUsd], [1, 40])
  })

  test('many calls that are settled together and at once lose nothing', async (store) => {
    const ids = Array.from({ length: 60 }, (_, index) => `call${index}`)
    await Promise.all(
      ids.map((id, index) => store.openSpend([reservationOf(id, { keyId: `Key${index % 3}` })])),
    )
    const batches = [0, 20, 40].map((start) => ids.slice(start, start + 20))
    const settled = await Promise.all(
      batches.map((batch) => store.settleSpend(batch.map((id) => settlementOf(id, 2)))),
    )
    assert.deepEqual(settled, [20, 20, 20])
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 120]], month: 120, open: [] })
    for (const keyId of ['Key0', 'Key1', 'Key2']) {
      assert.equal((await seedOf(store, keyScope(keyId))).month, 40)
    }
  })

  test('a call counts in the minute in which it was admitted, also above its worst case', async (store) => {
    await spend(store, 'late', 1000, { atMs: CALL_MS - 1 })
    await spend(store, 'early', 3, { atMs: CALL_MS + MINUTE_MS - 1 })
    await spend(store, 'free', 0, { atMs: CALL_MS })
    const { minutes } = await seedOf(store, ACCOUNT)
    assert.deepEqual(minutes, [
      [-1, 1000],
      [0, 3],
    ])
  })

  test('names of keys, models and calls may be any text', async (store) => {
    const calls = HOSTILE_TEXTS.map((text) =>
      reservationOf(`id${text}`, { keyId: `key${text}`, model: text }),
    )
    await store.openSpend(calls)
    const open = await store.listSpendReservations()
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    assert.deepEqual(open.toSorted(byId), calls.toSorted(byId))
    await store.settleSpend(calls.map(({ id }) => settlementOf(id, 1)))
    const { byModel, byKey } = await store.reportSpend({})
    assert.deepEqual(byModel.map(({ name }) => name).sort(), [...HOSTILE_TEXTS].sort())
    assert.equal(byKey.length, HOSTILE_TEXTS.length)
  })

  durableTest('calls and sums are there after the store is opened again', async (store, under) => {
    await store.openSpend([reservationOf('open')])
    await spend(store, 'done', 9)
    await store.close()
    const again = await under.reopen()
    try {
      const expected = { minutes: [[0, 9]], month: 9, open: ['open'] }
      assert.deepEqual(await seedOf(again, ACCOUNT), expected)
      assert.deepEqual(await again.listSpendReservations(), [reservationOf('open')])
    } finally {
      await again.close()
    }
  })
}

function atomicContract({ test, durableTest }: StoreTests): void {
  test('an id that is open or expired is a conflict, and none of its batch is opened', async (store) => {
    await store.openSpend([reservationOf('a', { amount: amountOf(7) })])
    await rejectsWith('conflict', store.openSpend([reservationOf('b'), reservationOf('a')]))
    await rejectsWith('conflict', store.openSpend([reservationOf('c'), reservationOf('c')]))
    await rejectsWith('conflict', store.openSpend([reservationOf('a')]))
    assert.deepEqual((await seedOf(store, ACCOUNT)).open, ['a'])
    await store.expireSpend(LEASE_END_MS, expiredEntry)
    await rejectsWith('conflict', store.openSpend([reservationOf('a')]))
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 7]], month: 7, open: [] })
    await store.openSpend([])
  })

  test('a batch of which one cannot be kept changes nothing', async (store) => {
    const broken = { ...reservationOf('b'), amount: { microUsd: 0.5, tokens: 1 } }
    await assert.rejects(store.openSpend([reservationOf('a'), broken]))
    assert.deepEqual(await store.listSpendReservations(), [])
    await store.openSpend([reservationOf('a'), reservationOf('b')])
    const half = { ...settlementOf('b', 1), amount: { microUsd: 0.5, tokens: 1 } }
    await assert.rejects(store.settleSpend([settlementOf('a', 1), half]))
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [], month: 0, open: ['a', 'b'] })
  })

  test('its own calls are not changes from outside', async (store) => {
    const revision = store.externalRevision()
    await spend(store, 'a', 1)
    await store.openSpend([reservationOf('b')])
    await store.renewSpend(['b'], LEASE_END_MS)
    await store.expireSpend(LEASE_END_MS, expiredEntry)
    assert.equal(store.externalRevision(), revision)
  })

  durableTest('of two processes that settle a call, one does', async (one, under) => {
    const two = await under.reopen()
    try {
      await one.openSpend([reservationOf('a')])
      const settled = await Promise.all([
        one.settleSpend([settlementOf('a', 30)]),
        two.settleSpend([settlementOf('a', 30)]),
      ])
      assert.deepEqual(settled.sort(), [0, 1])
      for (const store of [one, two]) assert.equal((await seedOf(store, ACCOUNT)).month, 30)
    } finally {
      await two.close()
    }
  })
}
