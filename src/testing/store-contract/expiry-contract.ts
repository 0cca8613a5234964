/** What a store promises about calls whose process died: charged in full, until it is known better. */
import assert from 'node:assert/strict'
import { NO_USAGE } from '../../core/spend/amount.ts'
import type { StoreTests } from '../store-contract.ts'
import { DAY_MS } from './leak-samples.ts'
import {
  ACCOUNT,
  CALL_MS,
  expiredEntry,
  MINUTE_MS,
  reservationOf,
  seedOf,
  settlementOf,
  usageOf,
} from './ledger-samples.ts'
import { eventsOf, IMPOSSIBLE_ENTRY, verifiedRows } from './samples.ts'

const LEASE_END_MS = CALL_MS + MINUTE_MS

export function expiryContract({ test }: StoreTests): void {
  test('a call whose process died is charged in full, with an audit row', async (store) => {
    await store.openSpend([
      reservationOf('second', { leaseUntilMs: LEASE_END_MS }),
      reservationOf('first', { leaseUntilMs: LEASE_END_MS - 1 }),
      reservationOf('alive', { leaseUntilMs: LEASE_END_MS + 1 }),
    ])
    const expired = await store.expireSpend(LEASE_END_MS, expiredEntry)
    assert.deepEqual(
      expired.map(({ id }) => id),
      ['first', 'second'],
    )
    assert.deepEqual(expired[1], reservationOf('second'))
    const expected = { minutes: [[0, 200]], month: 200, open: ['alive'] }
    assert.deepEqual(await seedOf(store, ACCOUNT), expected)
    const rows = await verifiedRows(store)
    assert.deepEqual(
      rows.map(({ event, details }) => [event, details['id']]),
      [
        ['spend.expired', 'first'],
        ['spend.expired', 'second'],
      ],
    )
    const { total } = await store.reportSpend({})
    assert.deepEqual([total.requests, total.microUsd, total.usage], [2, 200, NO_USAGE])
    assert.deepEqual(await store.expireSpend(LEASE_END_MS, expiredEntry), [])
    assert.equal((await eventsOf(store)).length, 2)
  })

  test('a lease that was renewed has not expired', async (store) => {
    await store.openSpend([reservationOf('a'), reservationOf('b')])
    await store.renewSpend(['a', 'unknown'], LEASE_END_MS + 5)
    await store.renewSpend([], LEASE_END_MS + 5)
    const ids = async (nowMs: number) =>
      (await store.expireSpend(nowMs, expiredEntry)).map(({ id }) => id)
    assert.deepEqual(await ids(LEASE_END_MS), ['b'])
    await store.renewSpend(['b'], LEASE_END_MS + 99)
    assert.deepEqual(await ids(LEASE_END_MS + 4), [])
    assert.deepEqual(await ids(LEASE_END_MS + 5), ['a'])
  })

  test('a settlement after expiry corrects what was charged, once', async (store) => {
    await store.openSpend([reservationOf('less'), reservationOf('more')])
    await store.expireSpend(LEASE_END_MS, expiredEntry)
    assert.equal((await seedOf(store, ACCOUNT)).month, 200)
    const late = [settlementOf('less', 30, usageOf(20, 10)), settlementOf('more', 150)]
    assert.equal(await store.settleSpend(late), 2)
    assert.equal(await store.settleSpend(late), 0)
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 180]], month: 180, open: [] })
    const { total } = await store.reportSpend({})
    assert.deepEqual([total.requests, total.usage], [2, usageOf(170, 160)])
  })

  test('an expired call can be corrected for a day', async (store) => {
    await store.openSpend([reservationOf('a'), reservationOf('b')])
    await store.expireSpend(LEASE_END_MS, expiredEntry)
    await store.renewSpend(['b'], LEASE_END_MS + DAY_MS)
    await store.expireSpend(LEASE_END_MS + DAY_MS - 1, expiredEntry)
    assert.equal(await store.settleSpend([settlementOf('a', 1)]), 1)
    await store.expireSpend(LEASE_END_MS + DAY_MS, expiredEntry)
    assert.equal(await store.settleSpend([settlementOf('b', 1)]), 0)
    assert.equal((await seedOf(store, ACCOUNT)).month, 101)
  })

  test('at most 1,000 expire at once', async (store) => {
    const calls = Array.from({ length: 1100 }, (_, index) => reservationOf(`call${index}`))
    await store.openSpend(calls)
    assert.equal((await store.expireSpend(LEASE_END_MS, expiredEntry)).length, 1000)
    assert.equal((await store.expireSpend(LEASE_END_MS, expiredEntry)).length, 100)
    assert.equal((await seedOf(store, ACCOUNT)).month, 110_000)
    assert.equal((await verifiedRows(store)).length, 1100)
  })

  test('an expiry whose audit entry is refused does not happen', async (store) => {
    await store.openSpend([reservationOf('a')])
    await assert.rejects(store.expireSpend(LEASE_END_MS, () => IMPOSSIBLE_ENTRY))
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [], month: 0, open: ['a'] })
  })

  test('of two that expire a call at once, one charges it', async (store) => {
    await store.openSpend([reservationOf('a')])
    const both = await Promise.all([
      store.expireSpend(LEASE_END_MS, expiredEntry),
      store.expireSpend(LEASE_END_MS, expiredEntry),
    ])
    assert.deepEqual(both.map(({ length }) => length).sort(), [0, 1])
    assert.equal((await seedOf(store, ACCOUNT)).month, 100)
    assert.deepEqual(await eventsOf(store), ['spend.expired'])
  })
}
