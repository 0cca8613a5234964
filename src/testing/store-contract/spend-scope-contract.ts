/** What a store promises about spend of keys, owners, tiers and all: seeds, resets, caps and reports. */
import assert from 'node:assert/strict'
import type { SpendLine, SpendQuery } from '../../core/ports/ledger.ts'
import type { Store } from '../../core/ports/store.ts'
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
  settlementOf,
  spend,
} from './ledger-samples.ts'
import { eventsOf, IMPOSSIBLE_ENTRY, rejectsWith, sampleEntry } from './samples.ts'

const ADA: SpendScope = { kind: 'owner', id: 'ada@example.org' }
const FREE: SpendScope = { kind: 'tier', id: 'free' }
const CAPPED = sampleEntry('spend.capped')

export function spendScopeContract(tests: StoreTests): void {
  seedContract(tests)
  resetContract(tests)
  capsContract(tests)
  reportContract(tests)
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

const amounts = (lines: readonly SpendLine[]) => lines.map(({ name, microUsd }) => [name, microUsd])

async function insertMonth(store: Store): Promise<void> {
  await insertSpenders(store)
  await spend(store, 'a', 1, { atMs: MONTH_START_MS })
  await spend(store, 'b', 20, { keyId: 'Spender2', model: null, atMs: CALL_MS - DAY_MS })
  await spend(store, 'c', 300, { keyId: 'Spender3', model: 'claude', atMs: CALL_MS })
  await spend(store, 'd', 4000, { atMs: CALL_MS + MINUTE_MS })
  await store.openSpend([reservationOf('open', { atMs: CALL_MS + MINUTE_MS })])
}

function reportContract({ test }: StoreTests): void {
  test('a report has all that was spent by key, owner, model and day', async (store) => {
    await insertMonth(store)
    const { total, reservedMicroUsd, ...parts } = await store.reportSpend({})
    assert.deepEqual([total.name, total.requests, total.microUsd], ['', 4, 4321])
    assert.deepEqual([total.usage.inputTokens, total.usage.outputTokens], [4321, 4321])
    assert.equal(reservedMicroUsd, 100)
    assert.deepEqual(amounts(parts.byKey), [
      ['Spender1', 4001],
      ['Spender3', 300],
      ['Spender2', 20],
    ])
    assert.deepEqual(amounts(parts.byOwner), [
      ['ada@example.org', 4021],
      ['grace@example.org', 300],
    ])
    assert.deepEqual(amounts(parts.byModel), [
      ['gpt-4o', 4001],
      ['claude', 300],
      ['', 20],
    ])
    assert.deepEqual(amounts(parts.byDay), [
      ['2025-06-01', 1],
      ['2025-06-14', 20],
      ['2025-06-15', 4300],
    ])
  })

  test('each part of the question narrows a report', async (store) => {
    await insertMonth(store)
    const next = CALL_MS + MINUTE_MS
    const questions: readonly [SpendQuery, number, number][] = [
      [{ keyId: 'Spender1' }, 4001, 100],
      [{ ownerEmail: 'ADA@example.org' }, 4021, 100],
      [{ tier: 'pro' }, 20, 0],
      [{ model: 'claude' }, 300, 0],
      [{ model: '' }, 20, 0],
      [{ sinceMs: MONTH_START_MS + 1 }, 4321, 100],
      [{ sinceMs: MONTH_START_MS + MINUTE_MS }, 4320, 100],
      [{ sinceMs: CALL_MS }, 4300, 100],
      [{ untilMs: CALL_MS }, 21, 0],
      [{ sinceMs: CALL_MS, untilMs: next }, 300, 0],
      [{ sinceMs: CALL_MS - DAY_MS, untilMs: next }, 320, 0],
      [{ sinceMs: CALL_MS - DAY_MS, untilMs: CALL_MS - DAY_MS }, 0, 0],
      [{ keyId: 'Spender1', model: 'claude' }, 0, 0],
      [{ keyId: 'Nobody00' }, 0, 0],
    ]
    for (const [query, spent, reserved] of questions) {
      const { total, reservedMicroUsd, byModel } = await store.reportSpend(query)
      const found = [total.microUsd, reservedMicroUsd]
      assert.deepEqual(found, [spent, reserved], JSON.stringify(query))
      assert.equal(
        byModel.reduce((sum, { microUsd }) => sum + microUsd, 0),
        spent,
      )
    }
  })

  test('sums are listed in pages, by minute, key and model', async (store) => {
    await store.openSpend([
      reservationOf('a', { keyId: 'B' }),
      reservationOf('b', { keyId: 'A', model: 'z' }),
      reservationOf('c', { keyId: 'A', model: null }),
      reservationOf('d', { keyId: 'C', atMs: CALL_MS - MINUTE_MS }),
    ])
    await store.settleSpend(['a', 'b', 'c', 'd'].map((id) => settlementOf(id, 1)))
    const first = await store.listSpendSums({ pageSize: 2 })
    const after = first[1] ?? assert.fail('a page is full')
    const rest = await store.listSpendSums({ pageSize: 3, after })
    const named = [...first, ...rest].map(({ keyId, model }) => `${keyId}-${model}`)
    assert.deepEqual(named, ['C-gpt-4o', 'A-', 'A-z', 'B-gpt-4o'])
    const last = rest.at(-1) ?? assert.fail('there is a last one')
    assert.deepEqual(await store.listSpendSums({ pageSize: 1, after: last }), [])
    await rejectsWith('invalid_parameter', store.listSpendSums({ pageSize: 1001 }))
  })
}
