/**
 * A gateway, or what it needs, is killed in mid-stream, again and again. Half of the callers have a key
 * that presses against its cap; the other half go on for as long as it takes.
 *
 * What must hold: what the upstream produced never passes the cap, and is all in the ledger, as spent or
 * as held, at any moment; once every reservation is past its time to live, nothing is held any more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'
import { type Serving, serve } from '../e2e/serving.ts'
import { ask } from './chat.ts'
import { fakePricesOf, pricesOf, UNHURRIED } from './rig.ts'

/** Each key asks for a model of its own, so that books tell them apart. */
const MODELS = { capped: 'capped-model', open: 'other-model' } as const
const TOKENS = 60
const CALLERS = 12
/** Some ten calls. */
export const CAP_MICRO_USD = 2_500
/** A reservation lives at most so long beyond its call. */
const TIME_TO_LIVE_MS = 60_000
/** Of expiry, which runs each few seconds, on a busy machine. */
const PATIENCE_MS = 30_000

export interface KillOptions {
  readonly kills: number
  readonly variables?: Readonly<Record<string, string>>
  /** Ends something in mid-stream and brings it back. */
  crash(server: Serving): Promise<void>
}

export interface Spent {
  readonly microUsd: number
  readonly reservedMicroUsd: number
}

/** Where everything stands right after a crash. */
export interface Moment {
  readonly all: Spent
  /** Of the key with a cap. */
  readonly capped: Spent
  /** By the upstream's books, all together. */
  readonly producedMicroUsd: number
}

export interface KillReport {
  readonly moments: readonly Moment[]
  /** Once every time to live was over. */
  readonly end: Moment
  /** By the upstream's books, of the key with a cap. */
  readonly cappedProducedMicroUsd: number
  /** Answers other than a stream: their codes, by how many. */
  readonly refusals: Readonly<Record<string, number>>
  readonly streams: number
}

export async function playKills(options: KillOptions): Promise<KillReport> {
  const faults = { outputTokens: TOKENS, tokenDelayMs: 15 }
  const priceTable = fakePricesOf(Object.values(MODELS))
  const llm = await startFakeOpenAI({ faults, tokensPerChunk: 1, priceTable })
  const config = {
    ...UNHURRIED,
    tiers: {
      free: { limits: [] },
      capped: { limits: [], spend: { perDay: CAP_MICRO_USD / 1_000_000 } },
    },
    spend: { prices: pricesOf(Object.values(MODELS)) },
  }
  const server = await serve(config, options.variables, new URL(llm.url).origin)
  try {
    const capped = await server.createKey('--scopes', 'write', '--tier', 'capped')
    const open = await server.createKey('--scopes', 'write')
    const load = new Load(server, { capped: capped.key, open: open.key })
    const moments: Moment[] = []
    for (let kill = 0; kill < options.kills; kill++) {
      await sleep(300 + Math.random() * 700)
      await options.crash(server)
      moments.push(await momentOf(server, llm, capped.key_id))
    }
    await load.stop()
    await allLetGo(server)
    const end = await momentOf(server, llm, capped.key_id)
    const cappedProducedMicroUsd = llm.books.byModel.get(MODELS.capped)?.costMicroUsd ?? 0
    const { refusals, streams } = load
    return { moments, end, cappedProducedMicroUsd, refusals, streams }
  } finally {
    await server.stop()
    await llm.close()
  }
}

/** The books first: what is produced meanwhile is in the ledger already. */
async function momentOf(server: Serving, llm: FakeOpenAI, cappedId: string): Promise<Moment> {
  const ended = llm.books.total.costMicroUsd
  const running = llm.calls.filter(({ end }) => end === 'open')
  const producedMicroUsd = running.reduce((sum, call) => sum + call.costMicroUsd, ended)
  const all = await spentOf(server)
  return { all, capped: await spentOf(server, '--key', cappedId), producedMicroUsd }
}

async function spentOf(server: Serving, ...narrowed: string[]): Promise<Spent> {
  const report = JSON.parse(await server.cli('spend', '--json', ...narrowed))
  return { microUsd: report.total_micro_usd, reservedMicroUsd: report.reserved_micro_usd }
}

async function allLetGo(server: Serving): Promise<void> {
  const deadline = Date.now() + TIME_TO_LIVE_MS + PATIENCE_MS
  while ((await spentOf(server)).reservedMicroUsd > 0 && Date.now() < deadline) await sleep(500)
}

/** Callers that ask again as soon as they were answered, whatever that was. */
class Load {
  readonly refusals: Record<string, number> = {}
  streams = 0
  readonly #callers: readonly Promise<void>[]
  #isOver = false

  constructor(server: Serving, keys: Readonly<Record<keyof typeof MODELS, string>>) {
    this.#callers = Array.from({ length: CALLERS }, (_, caller) => {
      const which = caller % 2 === 0 ? 'capped' : 'open'
      return this.#call(server, keys[which], MODELS[which])
    })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#callers)
  }

  async #call(server: Serving, key: string, model: string): Promise<void> {
    while (!this.#isOver) {
      const call = { api: 'chat', key, model, maxTokens: TOKENS } as const
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
