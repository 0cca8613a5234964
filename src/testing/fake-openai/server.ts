/**
 * A local OpenAI-compatible upstream for tests, examples and the demo: chat completions (whole and
 * streamed) and the list of models, with deterministic answers, usage and books. No model runs and
 * nothing leaves the machine; every answer says so in `x-fake-openai` and `system_fingerprint`.
 *
 * Concurrency: one node:http server; state is the bounded record and the books. A client that hangs
 * up ends its stream at the next event and is booked what was produced until then.
 * Failure: bad requests are answered in OpenAI's error form; nothing a client sends throws.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  BODY_TOO_LARGE,
  drained,
  NO_KEY,
  readBody,
  send,
  sendError,
  unknownPath,
  WRONG_KEY,
  wrongMethod,
} from './answers.ts'
import { Bookkeeper, type Books } from './books.ts'
import { type ChatRequest, parseChatRequest } from './chat-request.ts'
import { type Completion, complete, completionBody, completionEvents } from './completion.ts'
import { DEFAULT_PRICES, type PriceTable } from './prices.ts'

export interface FakeOpenAIOptions {
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
  /** The models served and their prices; default `DEFAULT_PRICES`. */
  readonly priceTable?: PriceTable
  /** The credentials accepted; default: any that is not empty. */
  readonly apiKeys?: readonly string[]
  /** How many of the newest requests `requests` keeps; default 1,000. */
  readonly maxRecorded?: number
}

/** A request as the fake received it. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  /** node's flat list of names and values. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface FakeOpenAI {
  /** The base URL for a client, such as `http://127.0.0.1:40123/v1`. */
  readonly url: string
  /** The newest requests, oldest first; at most `maxRecorded`. */
  readonly requests: readonly RecordedRequest[]
  /** What was asked so far and what it would have cost. */
  readonly books: Books
  /** Ends open connections and stops listening. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts the fake and fulfils once it listens; rejects when the port cannot be had.
 *
 * @example
 * const llm = await startFakeOpenAI()
 * const client = new OpenAI({ baseURL: llm.url, apiKey: 'local' })
 * await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'teh text' }] })
 * console.log(llm.books.total.costMicroUsd)
 * await llm.close()
 */
export async function startFakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const host = options.host ?? '127.0.0.1'
  const fake = new FakeServer(options)
  const server = createServer((req, res) => void fake.answer(req, res))
  await listen(server, options.port ?? 0, host)

  const { port } = server.address() as AddressInfo
  const closed = Promise.withResolvers<void>()
  server.once('close', closed.resolve)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`,
    get requests() {
      return fake.recorded()
    },
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
  readonly #requests: RecordedRequest[] = []
  readonly #latencyMs: number
  readonly #chunkDelayMs: number
  readonly #tokensPerChunk: number
  readonly #prices: ReadonlyMap<string, PriceTable[string]>
  readonly #models: ReadonlySet<string>
  readonly #apiKeys: ReadonlySet<string> | null
  readonly #maxRecorded: number
  #answers = 0

  constructor(options: FakeOpenAIOptions) {
    this.#latencyMs = options.latencyMs ?? 0
    this.#chunkDelayMs = options.chunkDelayMs ?? 0
    this.#tokensPerChunk = Math.max(1, options.tokensPerChunk ?? 4)
    this.#prices = new Map(Object.entries(options.priceTable ?? DEFAULT_PRICES))
    this.#models = new Set(this.#prices.keys())
    this.#apiKeys = options.apiKeys === undefined ? null : new Set(options.apiKeys)
    this.#maxRecorded = options.maxRecorded ?? 1000
  }

  /** Answers one request; a client that is gone by then ends it quietly. */
  async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.on('error', () => res.destroy())
    res.setHeader('x-fake-openai', 'local; no model was asked')
    res.setHeader('x-request-id', `req-fake-${++this.#answers}`)
    const body = await readBody(req)
    if (body === null) return
    if (body === undefined) return sendError(res, BODY_TOO_LARGE)
    this.#record(req, body)
    if (this.#latencyMs > 0) await sleep(this.#latencyMs)
    await this.#route(req, res, body)
  }

  recorded(): readonly RecordedRequest[] {
    return this.#requests.slice(Math.max(0, this.#requests.length - this.#maxRecorded))
  }

  #record(req: IncomingMessage, body: string): void {
    const { method = '', url = '', rawHeaders } = req
    this.#requests.push({ method, target: url, rawHeaders, body })
    // Trimmed in blocks, so that a flood costs no shift per request.
    if (this.#requests.length > 2 * this.#maxRecorded) this.#requests.splice(0, this.#maxRecorded)
  }

  async #route(req: IncomingMessage, res: ServerResponse, body: string): Promise<void> {
    const path = (req.url ?? '').split('?', 1)[0] ?? ''
    const method = ROUTES.get(path)
    if (method === undefined) return sendError(res, unknownPath(req.method, path))
    if (req.method !== method) return sendError(res, wrongMethod(req.method, path))

    const key = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (key === undefined) return sendError(res, NO_KEY)
    if (this.#apiKeys !== null && !this.#apiKeys.has(key)) return sendError(res, WRONG_KEY)
    if (path === MODELS_PATH) return send(res, 200, this.#modelList())

    const parsed = parseChatRequest(body, this.#models)
    if (!parsed.ok) return sendError(res, parsed.error)
    const id = `chatcmpl-fake-${this.#answers}`
    const completion = complete(parsed.request, id, Math.floor(Date.now() / 1000))
    if (parsed.request.stream) return this.#stream(res, key, parsed.request, completion)
    this.#book(key, completion, completion.tokens.length)
    send(res, 200, completionBody(completion))
  }

  async #stream(
    res: ServerResponse,
    key: string,
    request: ChatRequest,
    completion: Completion,
  ): Promise<void> {
    let produced = 0
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    const events = completionEvents(completion, this.#tokensPerChunk, request.includeUsage)
    for (const event of events) {
      if (res.destroyed) break
      produced += event.tokens
      if (!res.write(event.text)) await drained(res)
      if (this.#chunkDelayMs > 0) await sleep(this.#chunkDelayMs)
    }
    this.#book(key, completion, produced)
    res.end()
  }

  #book(key: string, completion: Completion, outputTokens: number): void {
    const { model, inputTokens } = completion
    const price = this.#prices.get(model)
    if (price !== undefined) this.books.record({ key, model, price, inputTokens, outputTokens })
  }

  #modelList(): string {
    const data = [...this.#models].map((id) => {
      return { id, object: 'model', created: 0, owned_by: 'fake-openai' }
    })
    return JSON.stringify({ object: 'list', data })
  }
}

const CHAT_PATH = '/v1/chat/completions'
const MODELS_PATH = '/v1/models'
const ROUTES: ReadonlyMap<string, string> = new Map([
  [CHAT_PATH, 'POST'],
  [MODELS_PATH, 'GET'],
])
