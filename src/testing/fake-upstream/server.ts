/**
 * The server under each local fake: one node:http server that takes requests apart for a protocol, keeps
 * the newest, and delivers answers. No model runs and nothing leaves the machine.
 *
 * Concurrency: state is the bounded records and the books; a call ends once, when its connection does.
 * Failure: bad requests are answered in the protocol's error form; nothing a client sends throws.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FakeAnswer } from './answer.ts'
import { Bookkeeper } from './books.ts'
import { type CallFacts, type FakeEndpoint, RunningCall } from './calls.ts'
import { deliver } from './deliver.ts'
import { FAULTS_HEADER, type FakeFaults, parseFaults } from './faults.ts'
import {
  type ApiError,
  askedFor,
  BODY_TOO_LARGE,
  invalid,
  NO_KEY,
  readBody,
  send,
  unknownPath,
  WRONG_KEY,
  wrongMethod,
} from './http.ts'
import { Newest } from './newest.ts'
import type { FakeUpstream, FakeUpstreamOptions, RecordedRequest } from './options.ts'
import type { PriceTable } from './prices.ts'

/** What an endpoint may need to read a request and to make its answer. */
export interface AnswerContext {
  readonly models: ReadonlySet<string>
  readonly faults: FakeFaults
  readonly tokensPerEvent: number
  /** Of the answer; a protocol puts its own prefix before it. */
  readonly serial: number
}

export type ReadRequest =
  | { readonly ok: true; readonly answer: FakeAnswer }
  | { readonly ok: false; readonly error: ApiError }

export interface FakeProtocol {
  /** Of the header that says that no model was asked. */
  readonly mark: string
  /** What `url` ends with. */
  readonly basePath: string
  readonly prices: PriceTable
  readonly modelsPath: string
  readonly endpoints: ReadonlyMap<
    string,
    { readonly name: FakeEndpoint; read(body: string, context: AnswerContext): ReadRequest }
  >
  credentialOf(req: IncomingMessage): string | undefined
  modelList(models: readonly string[]): string
  errorBody(error: ApiError, requestId: string): string
}

/** Starts a fake and fulfils once it listens; rejects when the port cannot be had. */
export async function startFake(
  protocol: FakeProtocol,
  options: FakeUpstreamOptions,
): Promise<FakeUpstream> {
  const host = options.host ?? '127.0.0.1'
  const fake = new FakeServer(protocol, options)
  const server = createServer((req, res) => void fake.answer(req, res))
  await listen(server, options.port ?? 0, host)

  const { port } = server.address() as AddressInfo
  const closed = Promise.withResolvers<void>()
  server.once('close', closed.resolve)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${protocol.basePath}`,
    get requests() {
      return fake.requests.list()
    },
    get calls() {
      return fake.calls.list().map((call) => call.snapshot())
    },
    findCall: (tag) => fake.calls.find((call) => call.tag === tag)?.snapshot(),
    get books() {
      return fake.books.snapshot()
    },
    close() {
      server.close()
      server.closeAllConnections()
      return closed.promise
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

class FakeServer {
  readonly books = new Bookkeeper()
  readonly requests: Newest<RecordedRequest>
  readonly calls: Newest<RunningCall>
  readonly #protocol: FakeProtocol
  readonly #options: FakeUpstreamOptions
  readonly #prices: ReadonlyMap<string, PriceTable[string]>
  readonly #models: ReadonlySet<string>
  readonly #apiKeys: ReadonlySet<string> | null
  #answers = 0

  constructor(protocol: FakeProtocol, options: FakeUpstreamOptions) {
    const { priceTable = protocol.prices, apiKeys, maxRecorded = 1000 } = options
    this.#protocol = protocol
    this.#options = options
    this.#prices = new Map(Object.entries(priceTable))
    this.#models = new Set(this.#prices.keys())
    this.#apiKeys = apiKeys === undefined ? null : new Set(apiKeys)
    this.requests = new Newest(maxRecorded)
    this.calls = new Newest(maxRecorded)
  }

  /** Answers one request; a client that is gone by then ends it quietly. */
  async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const serial = ++this.#answers
    const requestId = `req-fake-${serial}`
    res.on('error', () => res.destroy())
    res.setHeader(this.#protocol.mark, 'local; no model was asked')
    res.setHeader('x-request-id', requestId)
    const body = await readBody(req)
    if (body === null) return
    const error =
      body === undefined ? BODY_TOO_LARGE : await this.#route(req, res, body, serial, requestId)
    if (error === undefined) return
    send(res, error.status, this.#protocol.errorBody(error, requestId))
  }

  /** Resolves with the refusal, where it is one. */
  async #route(
    req: IncomingMessage,
    res: ServerResponse,
    body: string,
    serial: number,
    requestId: string,
  ): Promise<ApiError | undefined> {
    const { method = '', url = '', rawHeaders } = req
    this.requests.push({ method, target: url, rawHeaders, body })
    const path = url.split('?', 1)[0] ?? ''
    const endpoint = this.#protocol.endpoints.get(path)
    const isModels = path === this.#protocol.modelsPath
    if (endpoint === undefined && !isModels) return unknownPath(method, path)
    if (method !== (isModels ? 'GET' : 'POST')) return wrongMethod(method, path)

    const key = this.#protocol.credentialOf(req)
    if (key === undefined) return NO_KEY
    if (this.#apiKeys !== null && !this.#apiKeys.has(key)) return WRONG_KEY
    if (endpoint === undefined) {
      send(res, 200, this.#protocol.modelList([...this.#models]))
      return undefined
    }

    const faults = this.#faultsOf(req)
    if (typeof faults === 'string') return invalid(faults)
    if (faults.status !== undefined) return askedFor(faults.status)
    const { tokensPerChunk = 4, latencyMs = 0, chunkDelayMs = 0 } = this.#options
    const tokensPerEvent = Math.max(1, tokensPerChunk)
    const read = endpoint.read(body, { models: this.#models, faults, tokensPerEvent, serial })
    if (!read.ok) return read.error

    const { answer } = read
    const { model, isStream } = answer
    const tag = req.headers['x-fake-tag']?.toString() ?? null
    const facts = { id: requestId, tag, endpoint: endpoint.name, key, model, isStream }
    const call = this.#accept({ ...facts, acceptedAtMs: Date.now() }, answer)
    if (latencyMs > 0) await sleep(latencyMs)
    await deliver({ res, call, answer, faults, eventDelayMs: chunkDelayMs })
    return undefined
  }

  #accept(facts: CallFacts, answer: FakeAnswer): RunningCall {
    const price = this.#prices.get(answer.model)
    if (price === undefined) throw new Error(`no price for ${answer.model}`)
    const call = new RunningCall(facts, answer.usage, price, this.books)
    this.calls.push(call)
    return call
  }

  #faultsOf(req: IncomingMessage): FakeFaults | string {
    const own = parseFaults(req.headers[FAULTS_HEADER]?.toString())
    return typeof own === 'string' ? own : { ...this.#options.faults, ...own }
  }
}
