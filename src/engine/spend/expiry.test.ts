/** Expiry, at the moment at which a cost that is known waits for the store. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../core/ports/store.ts'
import { NO_USAGE } from '../../core/spend/amount.ts'
import { createMemoryCounters } from '../../counters/memory/index.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { expireSpend } from './expiry.ts'

const clock = createTestClock()
const nowMs = clock.wallMs()

let store: Store
beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' })
  await store.openSpend(
    ['known', 'unknown'].map((id) => ({
      ...{ id, keyId: '7Hq2mZ9x', model: null, atMs: nowMs, leaseUntilMs: nowMs },
      amount: { microUsd: 100, tokens: 0 },
    })),
  )
})
afterEach(() => store.close())

test('what is known here is not charged in full because it waited for the store', async () => {
  const settlement = { id: 'known', amount: { microUsd: 7, tokens: 0 }, usage: NO_USAGE }
  const flush = async (): Promise<void> => void (await store.settleSpend([settlement]))
  clock.advance(1)
  await expireSpend({
    ...{ store, clock, settlements: { flush }, defaultActor: 'test' },
    counters: createMemoryCounters({ clock }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  const rows = await store.readAuditTail({ event: 'spend.expired', pageSize: 10 })
  expect(rows.map(({ row }) => row.details['reservation'])).toEqual(['unknown'])
  expect((await store.reportSpend({})).total.microUsd).toBe(107)
})
