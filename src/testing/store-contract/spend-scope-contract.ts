/** What a store promises about spend of keys, owners, tiers and all: seeds, resets and caps. */
import assert from 'node:assert/strict'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import type { StoreTests } from '../store-contract.ts'
import { DAY_MS } from './leak-samples.ts'
import {
  ACCOUNT,
  amountOf,
  CALL_MS,
  insertSpenders,
  keyScope,
  MINUTE_MS,
  MONTH_START_MS,
  RESET,
  reservationOf,
  seedOf,
  spend,
} from './ledger-samples.ts'
import { eventsOf, IMPOSSIBLE_ENTRY, sampleEntry } from './samples.ts'

const ADA: SpendScope = { kind: 'owner', id: 'ada@example.org' }
const FREE: SpendScope = { kind: 'tier', id: 'free' }
const CAPPED = sampleEntry('spend.capped')

export function spendScopeContract(tests: StoreTests): void {
  seedContract(tests)
  resetContract(tests)
  capsContract(tests)
}

function seedContract({ test }: StoreTests): void {
  test('a scope has what its keys spent and hold, and nothing else', async (store) => {
    await insertSpenders(store)
    const keyIds = ['Spender1', 'Spender2', 'Spender3', 'Deleted1']
    for (const [index, keyId] of keyIds.entries()) {
      await spend(store, `done${index}`, 10 ** index, { keyId })
      await store.openSpend([reservationOf(`open${index}`, { keyId })])
    }
    const expected: readonly [SpendScope, number, readonly number[]][] = [
      [keyScope('Spender2'), 10, [1]],
      [ADA, 11, [0, 1]],
      [{ kind: 'owner', id: 'ADA@Example.org' }, 11, [0, 1]],
      [FREE, 101, [0, 2]],
      [ACCOUNT, 1111, [0, 1, 2, 3]],
      [keyScope('Nobody00'), 0, []],
    ]
    for (const [scope, month, open] of expected) {
      const minutes = month === 0 ? [] : [[0, month]]
      const ids = open.map((index) => `open${index}`)
      assert.deepEqual(await seedOf(store, scope), { minutes, month, open: ids })
    }
  })

  test('minutes begin with the sliding day, and the month with its first ms in UTC', async (store) => {
    const times = [
      MONTH_START_MS - 1,
      MONTH_START_MS,
      CALL_MS - DAY_MS - 1,
      CALL_MS - DAY_MS,
      CALL_MS - 1,
      CALL_MS,
      Date.UTC(2025, 6, 1),
    ]
    for (const [index, atMs] of times.entries())
      await spend(store, `c${index}`, 10 ** index, { atMs })
    const { minutes, month } = await seedOf(store, ACCOUNT, CALL_MS + MINUTE_MS - 1)
    assert.equal(month, 111_110)
    assert.deepEqual(minutes.slice(0, 3), [
      [-1440, 1000],
      [-1, 10_000],
      [0, 100_000],
    ])
    const { startMs } = (await store.seedSpend(ACCOUNT, CALL_MS)).month
    assert.equal(startMs, MONTH_START_MS)
    const before = await store.seedSpend(ACCOUNT, MONTH_START_MS - 1)
    assert.deepEqual([before.month.startMs, before.month.microUsd], [Date.UTC(2025, 4, 1), 1])
  })
}

function resetContract({ test }: StoreTests): void {
  test('a reset hides what was settled, and what runs stays held', async (store) => {
    await spend(store, 'lastDay', 1, { atMs: CALL_MS - DAY_MS / 2 })
    await spend(store, 'minuteAgo', 10, { atMs: CALL_MS - MINUTE_MS })
    await spend(store, 'justNow', 100)
    await store.openSpend([reservationOf('runs')])
    await store.resetSpend(ACCOUNT, CALL_MS + 500, RESET)
    const open = ['runs']
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes: [[0, 0]], month: 0, open })
    await spend(store, 'sameMinute', 1000)
    await spend(store, 'nextMinute', 10_000, { atMs: CALL_MS + MINUTE_MS })
    await spend(store, 'nextDay', 100_000, { atMs: CALL_MS + DAY_MS - MINUTE_MS })
    const minutes = [
      [0, 1000],
      [1, 10_000],
      [1439, 100_000],
    ]
    assert.deepEqual(await seedOf(store, ACCOUNT), { minutes, month: 111_000, open })
    const next = await seedOf(store, ACCOUNT, Date.UTC(2025, 6, 1))
    assert.deepEqual([next.minutes, next.month], [[], 0])
    assert.equal((await store.reportSpend({})).total.microUsd, 111_111)
    assert.deepEqual(await eventsOf(store), ['spend.reset'])
  })

  test('a reset is about its scope only, and a newer one takes its place', async (store) => {
    await insertSpenders(store)
    await spend(store, 'one', 5)
    await spend(store, 'two', 70, { keyId: 'Spender2' })
    await store.resetSpend({ kind: 'owner', id: 'Ada@example.org' }, CALL_MS, RESET)
    assert.equal((await seedOf(store, ADA)).month, 0)
    for (const scope of [FREE, keyScope('Spender1')]) {
      assert.equal((await seedOf(store, scope)).month, 5)
    }
    await spend(store, 'three', 900)
    assert.equal((await seedOf(store, ADA)).month, 900)
    await store.resetSpend(ADA, CALL_MS + 1, RESET)
    assert.equal((await seedOf(store, ADA)).month, 0)
    assert.deepEqual(await store.listSpendResets(), [
      { scope: ADA, atMs: CALL_MS + 1, before: amountOf(975) },
    ])
  })

  test('a reset of an earlier month changes nothing in this one', async (store) => {
    await spend(store, 'before', 1, { atMs: MONTH_START_MS - DAY_MS })
    await store.resetSpend(ACCOUNT, MONTH_START_MS - 1, RESET)
    await spend(store, 'after', 10, { atMs: MONTH_START_MS })
    assert.equal((await seedOf(store, ACCOUNT)).month, 10)
  })

  test('a reset whose audit entry is refused does not happen', async (store) => {
    await spend(store, 'a', 5)
    await assert.rejects(store.resetSpend(ACCOUNT, CALL_MS, IMPOSSIBLE_ENTRY))
    assert.equal((await seedOf(store, ACCOUNT)).month, 5)
    assert.deepEqual(await store.listSpendResets(), [])
  })
}

const capsOf = (scope: SpendScope, overrides: Partial<SetCaps> = {}): SetCaps => ({
  ...{ scope, perDayMicroUsd: null, perMonthMicroUsd: null, models: null, maxOutputTokens: null },
  ...overrides,
})

function capsContract({ test }: StoreTests): void {
  test('caps that were set are there until they are taken back', async (store) => {
    const account = capsOf(ACCOUNT, { perDayMicroUsd: 0, perMonthMicroUsd: 20_000_000 })
    const key = capsOf(keyScope('Spender1'), { models: ['gpt-4o', "o'1"], maxOutputTokens: 9 })
    await store.setSpendCaps(keyScope('Spender1'), key, CAPPED)
    await store.setSpendCaps(ACCOUNT, capsOf(ACCOUNT, { maxOutputTokens: 1 }), CAPPED)
    await store.setSpendCaps(ACCOUNT, account, CAPPED)
    assert.deepEqual(await store.listSpendCaps(), [account, key])
    await store.setSpendCaps(ACCOUNT, null, CAPPED)
    await store.setSpendCaps(ADA, null, CAPPED)
    assert.deepEqual(await store.listSpendCaps(), [key])
    assert.equal((await eventsOf(store)).length, 5)
  })

  test('caps whose audit entry is refused are not set', async (store) => {
    await assert.rejects(store.setSpendCaps(ACCOUNT, capsOf(ACCOUNT), IMPOSSIBLE_ENTRY))
    assert.deepEqual(await store.listSpendCaps(), [])
  })
}
