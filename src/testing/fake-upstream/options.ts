/** What every local fake can be told, and what it tells. */
import type { Books } from './books.ts'
import type { FakeCall } from './calls.ts'
import type { FakeFaults } from './faults.ts'
import type { PriceTable } from './prices.ts'

export interface FakeUpstreamOptions {
  /** 0 to 65535; default 0, any free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** ms before the first byte of an answer; default 0. */
  readonly latencyMs?: number
  /** ms between two events of a stream; default 0. */
  readonly chunkDelayMs?: number
  /** Tokens in one event of a stream; default 4. */
  readonly tokensPerChunk?: number
  /** The models served and their prices; each fake has its own default. */
  readonly priceTable?: PriceTable
  /** The credentials accepted; default: any that is not empty. */
  readonly apiKeys?: readonly string[]
  /** How many of the newest `requests` and `calls` are kept; default 1,000. */
  readonly maxRecorded?: number
  /** Of all calls, unless the header `x-fake-faults` (JSON) of one says otherwise; default none. */
  readonly faults?: FakeFaults
}

/** A request as the fake received it. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  /** node's flat list of names and values. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface FakeUpstream {
  /** The base URL for a client of the API. */
  readonly url: string
  /** The newest requests, oldest first; at most `maxRecorded`. */
  readonly requests: readonly RecordedRequest[]
  /** The newest calls that were accepted, as they stand now, oldest first; at most `maxRecorded`. */
  readonly calls: readonly FakeCall[]
  /** The newest of them whose request said so in `x-fake-tag`. */
  findCall(tag: string): FakeCall | undefined
  /** What was produced by the calls that have ended, and what it would have cost. */
  readonly books: Books
  /** Ends open connections and stops listening. Idempotent. */
  close(): Promise<void>
}
