/** The local OpenAI-compatible upstream; see `startFakeOpenAI`. */
export type { BookLine, Books } from './books.ts'
export { cleanText } from './clean-text.ts'
export { FAKE_FINGERPRINT } from './completion.ts'
export { DEFAULT_PRICES, type ModelPrice, type PriceTable } from './prices.ts'
export {
  type FakeOpenAI,
  type FakeOpenAIOptions,
  type RecordedRequest,
  startFakeOpenAI,
} from './server.ts'
