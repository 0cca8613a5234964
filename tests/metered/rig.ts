/**
 * An Express app with a guard whose handlers call fakes of OpenAI and Anthropic by the real SDKs, metered
 * for the caller. A token costs a micro-dollar of input and two of output, so that sums show which tokens
 * they are made of.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type Response,
} from 'express'
import OpenAI from 'openai'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { Gate, LockgateConfig } from '../../src/index.ts'
import { lockgate } from '../../src/index.ts'
import { metered } from '../../src/metered/index.ts'
import { guard, spendErrors } from '../../src/middleware/express/index.ts'
import {
  type FakeAnthropic,
  type FakeFaults,
  type FakeOpenAI,
  startFakeAnthropic,
  startFakeOpenAI,
} from '../../src/testing/index.ts'

export const MODEL = 'gpt-4o-mini'
const CLAUDE = 'claude-haiku-4-5'
const PRICES = { input: 1, output: 2 }
const FAKE_PRICES = { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 2_000_000 }

export interface Clients {
  readonly openai: OpenAI
  readonly anthropic: Anthropic
}

export type Handler = (req: Request, res: Response, clients: Clients) => Promise<unknown>

export interface AppOptions {
  readonly config?: LockgateConfig
  readonly faults?: FakeFaults
  readonly clock?: Clock
  /** ms before the fakes answer; default 0. */
  readonly latencyMs?: number
  /** Of the SDKs; default 0. */
  readonly maxRetries?: number
  /** The app has no `spendErrors()`. */
  readonly withoutSpendErrors?: boolean
}

export class MeteredApp {
  readonly gate: Gate
  readonly openai: FakeOpenAI
  readonly anthropic: FakeAnthropic
  readonly keyId: string
  /** Errors that came through to the app's own handler. */
  readonly errors: unknown[] = []
  readonly #key: string
  readonly #server: Server
  #handler: Handler = async () => {}

  private constructor(
    gate: Gate,
    fakes: { readonly openai: FakeOpenAI; readonly anthropic: FakeAnthropic },
    issued: { readonly key: string; readonly keyId: string },
    { maxRetries = 0, withoutSpendErrors = false }: AppOptions,
  ) {
    this.gate = gate
    this.openai = fakes.openai
    this.anthropic = fakes.anthropic
    this.#key = issued.key
    this.keyId = issued.keyId
    const openai = new OpenAI({ baseURL: fakes.openai.url, apiKey: 'x', maxRetries })
    const anthropic = new Anthropic({ baseURL: fakes.anthropic.url, apiKey: 'x', maxRetries })
    const app: Express = express().set('env', 'test')
    app.use(guard(gate))
    app.post('/', async (req, res) => {
      const clients = {
        openai: metered(openai, req.lockgate),
        anthropic: metered(anthropic, req.lockgate),
      }
      await this.#handler(req, res, clients)
    })
    if (!withoutSpendErrors) app.use(spendErrors())
    const keep: ErrorRequestHandler = (error, _req, _res, next) => {
      this.errors.push(error)
      next(error)
    }
    app.use(keep)
    this.#server = createServer(app).listen(0, '127.0.0.1')
  }

  static async start(options: AppOptions = {}): Promise<MeteredApp> {
    const { config = {}, faults = {}, latencyMs = 0 } = options
    const models = [MODEL, 'gpt-4o', CLAUDE]
    const priceTable = Object.fromEntries(models.map((model) => [model, FAKE_PRICES]))
    const fake = { priceTable, faults, latencyMs, tokensPerChunk: 1 }
    const fakes = {
      openai: await startFakeOpenAI(fake),
      anthropic: await startFakeAnthropic(fake),
    }
    const gate = await lockgate({
      config: {
        databaseUrl: 'sqlite::memory:',
        keys: { argon2id: { memoryKiB: 8, passes: 1, parallelism: 1 } },
        ip: false,
        ...config,
        tiers: { free: { limits: [] }, ...config.tiers },
        spend: {
          prices: Object.fromEntries(models.map((model) => [model, PRICES])),
          ...config.spend,
        },
      },
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    })
    const { key, record } = await gate.keys.issue({ owner: 'ada@example.com', scopes: ['write'] })
    const app = new MeteredApp(gate, fakes, { key, keyId: record.keyId }, options)
    await once(app.#server, 'listening')
    return app
  }

  /** Answers one request by `handler`. */
  async ask(handler: Handler, signal?: AbortSignal): Promise<globalThis.Response> {
    this.#handler = handler
    return this.again(signal)
  }

  again(signal?: AbortSignal): Promise<globalThis.Response> {
    const { port } = this.#server.address() as AddressInfo
    const headers = { authorization: `Bearer ${this.#key}` }
    const init = { method: 'POST', headers, ...(signal === undefined ? {} : { signal }) }
    return fetch(`http://127.0.0.1:${port}/`, init)
  }

  /** What was charged, and what is held. */
  async spent(): Promise<{ microUsd: number; heldMicroUsd: number; requests: number }> {
    if (this.gate.spend === null) throw new Error('spend is configured')
    const { total, reservedMicroUsd } = await this.gate.spend.report()
    return { microUsd: total.microUsd, heldMicroUsd: reservedMicroUsd, requests: total.requests }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.gate.close()
    await Promise.all([this.openai.close(), this.anthropic.close()])
  }
}

export const chat = (text = 'teh  report ,is late !!', model = MODEL) => ({
  model,
  max_completion_tokens: 100,
  messages: [{ role: 'user' as const, content: text }],
})

export const message = (text = 'teh  report ,is late !!') => ({
  model: CLAUDE,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: text }],
})
