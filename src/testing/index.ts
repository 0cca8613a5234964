/**
 * `lockgate/testing`: what an app or an adapter needs to test itself against Lockgate. Not for
 * production code.
 */

export type { ContractRunner, ContractTest } from './contract-runner.ts'
export { type CountersUnderTest, countersContract } from './counters-contract.ts'
export {
  ANTHROPIC_PRICES,
  type FakeAnthropic,
  type FakeAnthropicOptions,
  startFakeAnthropic,
} from './fake-anthropic/index.ts'
export {
  FAKE_FINGERPRINT,
  type FakeOpenAI,
  type FakeOpenAIOptions,
  startFakeOpenAI,
} from './fake-openai/index.ts'
export {
  type BookLine,
  type Books,
  cleanText,
  DEFAULT_PRICES,
  FAULT_PHASES,
  type FakeCall,
  type FakeEnd,
  type FakeEndpoint,
  type FakeFaults,
  type FakeUpstream,
  type FakeUpstreamOptions,
  type FakeUsage,
  type FaultPhase,
  type ModelPrice,
  type PriceTable,
  type RecordedRequest,
} from './fake-upstream/index.ts'
export { type StoreContractOptions, type StoreUnderTest, storeContract } from './store-contract.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
