/**
 * `lockgate/testing`: what an app or an adapter needs to test itself against Lockgate. Not for
 * production code.
 */

export type { ContractRunner, ContractTest } from './contract-runner.ts'
export { type CountersUnderTest, countersContract } from './counters-contract.ts'
export {
  type BookLine,
  type Books,
  cleanText,
  DEFAULT_PRICES,
  FAKE_FINGERPRINT,
  type FakeOpenAI,
  type FakeOpenAIOptions,
  type ModelPrice,
  type PriceTable,
  type RecordedRequest,
  startFakeOpenAI,
} from './fake-openai/index.ts'
export { type StoreContractOptions, type StoreUnderTest, storeContract } from './store-contract.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
