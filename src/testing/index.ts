/**
 * `lockgate/testing`: what an app or an adapter needs to test itself against Lockgate. Not for
 * production code.
 */
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
export { createTestClock, type TestClock } from './test-clock.ts'
