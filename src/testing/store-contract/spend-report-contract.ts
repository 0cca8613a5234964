/** What a store promises about reports of spend: they add up, however they are narrowed. */
import assert from 'node:assert/strict'
import type { SpendLine, SpendQuery } from '../../core/ports/ledger.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { DAY_MS } from './leak-samples.ts'
import {
  CALL_MS,
  insertSpenders,
  MINUTE_MS,
  MONTH_START_MS,
  reservationOf,
  settlementOf,
  spend,
} from './ledger-samples.ts'
import { rejectsWith } from './samples.ts'

const amounts = (lines: readonly SpendLine[]) => lines.map(({ name, microUsd }) => [name, microUsd])

async function insertMonth(store: Store): Promise<void> {
  await insertSpenders(store)
  await spend(store, 'a', 1, { atMs: MONTH_START_MS })
  await spend(store, 'b', 20, { keyId: 'Spender2', model: null, atMs: CALL_MS - DAY_MS })
  await spend(store, 'c', 300, { keyId: 'Spender3', model: 'claude', atMs: CALL_MS })
  await spend(store, 'd', 4000, { atMs: CALL_MS + MINUTE_MS })
  await store.openSpend([reservationOf('open', { atMs: CALL_MS + MINUTE_MS })])
}

export function spendReportContract({ test }: StoreTests): void {
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
