/**
 * A gateway that is killed in mid-stream, again and again, while callers press against the account's cap.
 *
 * What must hold: what the upstream produced never passes the cap, and is all in the ledger, as spent or
 * as held, at any moment; once every reservation is past its time to live, nothing is held any more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'
import { type Serving, serve } from '../e2e/serving.ts'
import { ask } from './chat.ts'
import { fakePricesOf, pricesOf, UNHURRIED } from './rig.ts'

const MODEL = 'one-model'
const TOKENS = 60
const CALLERS = 12
/** A reservation lives at most so long beyond its call. */
const TIME_TO_LIVE_MS = 60_000
/** Of expiry, which runs each few seconds, on a busy machine. */
const PATIENCE_MS = 30_000

export interface KillOptions {
  readonly kills: number
  /** So much is enough for some of the calls, not for all. */
  readonly capMicroUsd: number
  readonly variables?: Readonly<Record<string, string>>
  /** Ends something in mid-stream and brings it back. */
  crash(server: Serving): Promise<void>
}

export interface Spent {
  readonly microUsd: number
  readonly reservedMicroUsd: number
}

export interface KillReport {
  readonly capMicroUsd: number
  /** Each time right after the crash, and at the end. */
  readonly moments: readonly (Spent & { readonly producedMicroUsd: number })[]
  /** Once every time to live was over. */
  readonly end: Spent
  /** By the upstream's books. */
  readonly producedMicroUsd: number
  /** Codes of answers other than a stream, by how many. */
  readonly refusals: Readonly<Record<string, number>>
  readonly streams: number
}

export async function playKills(options: KillOptions): Promise<KillReport> {
  const { kills, capMicroUsd, variables } = options
  const faults = { outputTokens: TOKENS, tokenDelayMs: 15 }
  const llm = await startFakeOpenAI({
    ...{ faults, tokensPerChunk: 1, priceTable: fakePricesOf([MODEL]) },
  })
  const config = {
    ...UNHURRIED,
    tiers: { free: { limits: [] } },
    spend: { prices: pricesOf([MODEL]), account: { perDay: capMicroUsd / 1_000_000 } },
  }
  const server = await serve(config, variables, new URL(llm.url).origin)
  try {
    const { key } = await server.createKey('--scopes', 'write')
    const load = new Load(server, key)
    const moments: KillReport['moments'][number][] = []
    for (let kill = 0; kill < kills; kill++) {
      await sleep(100 + Math.random() * 900)
      await options.crash(server)
      moments.push(await momentOf(server, llm))
    }
    await load.stop()
    const end = await allLetGo(server)
    const producedMicroUsd = llm.books.total.costMicroUsd
    const { refusals, streams } = load
    return { capMicroUsd, moments, end, producedMicroUsd, refusals, streams }
  } finally {
    await server.stop()
    await llm.close()
  }
}

/** The books first: what is produced meanwhile is in the ledger already. */
async function momentOf(
  server: Serving,
  llm: FakeOpenAI,
): Promise<Spent & { readonly producedMicroUsd: number }> {
  const ended = llm.books.total.costMicroUsd
  const running = llm.calls.filter(({ end }) => end === 'open')
  const producedMicroUsd = running.reduce((sum, call) => sum + call.costMicroUsd, ended)
  return { producedMicroUsd, ...(await spentOf(server)) }
}

async function spentOf(server: Serving): Promise<Spent> {
  const report = JSON.parse(await server.cli('spend', '--json'))
  return { microUsd: report.total_micro_usd, reservedMicroUsd: report.reserved_micro_usd }
}

async function allLetGo(server: Serving): Promise<Spent> {
  const deadline = Date.now() + TIME_TO_LIVE_MS + PATIENCE_MS
  for (;;) {
    const spent = await spentOf(server)
    if (spent.reservedMicroUsd === 0 || Date.now() > deadline) return spent
    await sleep(500)
  }
}

/** Callers that ask again as soon as they were answered, whatever that was. */
class Load {
  readonly refusals: Record<string, number> = {}
  streams = 0
  readonly #callers: readonly Promise<void>[]
  #isOver = false

  constructor(server: Serving, key: string) {
    this.#callers = Array.from({ length: CALLERS }, () => this.#call(server, key))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#callers)
  }

  async #call(server: Serving, key: string): Promise<void> {
    while (!this.#isOver) {
      const call = { api: 'chat', key, model: MODEL, maxTokens: TOKENS } as const
      const { status, text } = await ask(server.url, call).answer
      if (status === 200) this.streams++
      else {
        const code = /"code":"(\w+)"/.exec(text)?.[1] ?? (status === 0 ? 'cut' : String(status))
        this.refusals[code] = (this.refusals[code] ?? 0) + 1
        await sleep(50)
      }
    }
  }
}
