/** What all local fakes have in common: books, calls, faults, prices. */
export type { FakeUsage } from './answer.ts'
export type { BookLine, Books } from './books.ts'
export type { FakeCall, FakeEnd, FakeEndpoint } from './calls.ts'
export { cleanText } from './clean-text.ts'
export { FAULT_PHASES, type FakeFaults, type FaultPhase } from './faults.ts'
export type { FakeUpstream, FakeUpstreamOptions, RecordedRequest } from './options.ts'
export { DEFAULT_PRICES, type ModelPrice, type PriceTable } from './prices.ts'
