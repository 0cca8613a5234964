/**
 * The contract suite of the Store port: every promise of `Store`, as tests that any implementation
 * must pass. Each test opens a store of its own. Failed promises throw AssertionErrors.
 *
 * ```ts
 * import { describe, test } from 'vitest'
 * import { storeContract } from 'lockgate/testing'
 *
 * storeContract({ describe, test }, async () => {
 *   const open = () => openMyStore(url)
 *   const store = await open()
 *   return { store, reopen: open, close: () => dropDatabase(url) }
 * })
 * ```
 */
import type { Store } from '../core/ports/store.ts'
import type { ContractRunner } from './contract-runner.ts'
import { activityContract } from './store-contract/activity-contract.ts'
import { auditContract } from './store-contract/audit-contract.ts'
import { expiryContract } from './store-contract/expiry-contract.ts'
import { idempotencyContract } from './store-contract/idempotency-contract.ts'
import { importContract } from './store-contract/import-contract.ts'
import { keyChangeContract } from './store-contract/key-change-contract.ts'
import { keyContract } from './store-contract/key-contract.ts'
import { keyListContract } from './store-contract/key-list-contract.ts'
import { leakContract } from './store-contract/leak-contract.ts'
import { ledgerContract } from './store-contract/ledger-contract.ts'
import { lifetimeContract } from './store-contract/lifetime-contract.ts'
import { linkContract } from './store-contract/link-contract.ts'
import { outboxContract } from './store-contract/outbox-contract.ts'
import { retentionContract } from './store-contract/retention-contract.ts'
import { spendReportContract } from './store-contract/spend-report-contract.ts'
import { spendScopeContract } from './store-contract/spend-scope-contract.ts'
import { suspicionContract } from './store-contract/suspicion-contract.ts'
import { usageContract } from './store-contract/usage-contract.ts'

/** A store with no data in it, for one test. */
export interface StoreUnderTest {
  readonly store: Store
  /** Opens the same data once more, as a restarted process would. The suite closes what it opens. */
  reopen(): Promise<Store>
  /** Called after the test; closes what is open and removes the data. */
  close(): Promise<void>
}

export interface StoreContractOptions {
  /** Why data cannot outlive the store, if so: the tests that reopen it are skipped. */
  readonly volatile?: string
}

/** Declares one test; `body` gets a store of its own. */
export type StoreTest = (
  name: string,
  body: (store: Store, underTest: StoreUnderTest) => Promise<void>,
) => void

export interface StoreTests {
  readonly test: StoreTest
  /** A test that calls `reopen`. */
  readonly durableTest: StoreTest
}

export function storeContract(
  runner: ContractRunner,
  makeStore: () => Promise<StoreUnderTest>,
  options: StoreContractOptions = {},
): void {
  const test: StoreTest = (name, body) => {
    runner.test(name, () => withStore(makeStore, body))
  }
  const skip: StoreTest = (name, body) => {
    runner.test.skip(`${name} (${options.volatile})`, () => withStore(makeStore, body))
  }
  const tests: StoreTests = { test, durableTest: options.volatile === undefined ? test : skip }
  runner.describe('keys', () => keyContract(tests))
  runner.describe('requests that are sent again', () => idempotencyContract(tests))
  runner.describe('changes of keys', () => keyChangeContract(tests))
  runner.describe('lists of keys', () => keyListContract(tests))
  runner.describe('the audit log', () => auditContract(tests))
  runner.describe('leaks', () => leakContract(tests))
  runner.describe('suspicions', () => suspicionContract(tests))
  runner.describe('links', () => linkContract(tests))
  runner.describe('mail', () => outboxContract(tests))
  runner.describe('activity', () => activityContract(tests))
  runner.describe('pruning of the audit log', () => retentionContract(tests))
  runner.describe('usage checkpoints', () => usageContract(tests))
  runner.describe('calls that cost money', () => ledgerContract(tests))
  runner.describe('calls that expire', () => expiryContract(tests))
  runner.describe('spend of scopes', () => spendScopeContract(tests))
  runner.describe('reports of spend', () => spendReportContract(tests))
  runner.describe('data from another store', () => importContract(tests))
  runner.describe('the life of a store', () => lifetimeContract(tests))
}

async function withStore(
  makeStore: () => Promise<StoreUnderTest>,
  body: Parameters<StoreTest>[1],
): Promise<void> {
  const underTest = await makeStore()
  try {
    await body(underTest.store, underTest)
  } finally {
    await underTest.close()
  }
}
