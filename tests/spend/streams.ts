/**
 * Streams that end in every way, in a given number, and what the ledger has of them beside the books of
 * the upstream that produced them.
 *
 * Each phase, API and way to end has a model of its own, so that the ledger's sums by model tell them apart.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SpendLine } from '../../src/core/ports/ledger.ts'
import type { FakeCall, FaultPhase } from '../../src/testing/index.ts'
import { type Answer, type Api, type Asked, ask, bodyOf, wordsIn } from './chat.ts'
import { INPUT_MICRO_USD, OUTPUT_MICRO_USD, type SpendRig, startSpendRig } from './rig.ts'

export type Phase =
  | 'before-headers'
  | 'before-first-token'
  | 'middle'
  | 'at-the-cap'
  | 'after-last-token'
  | 'after-the-end'
/** Who ends it before its time. */
export type Ender = 'client' | 'provider' | 'nobody'

export interface Kind {
  readonly model: string
  readonly api: Api
  readonly phase: Phase
  readonly ender: Ender
}

/** What one kind of stream came to. */
export interface Outcome {
  readonly kind: Kind
  /** As the ledger has it; undefined where it has nothing. */
  readonly ledger: SpendLine | undefined
  readonly calls: readonly FakeCall[]
  readonly answers: readonly Answer[]
  /** How long after the client left the upstream's connection was closed, in ms. */
  readonly closedAfterMs: readonly number[]
  /** Output tokens that reached clients. */
  readonly receivedTokens: number
  readonly bodyBytes: number
}

export interface StreamsReport {
  readonly outcomes: readonly Outcome[]
  readonly reservedMicroUsd: number
  readonly totalMicroUsd: number
  /** What the counters have, of the account's cap. */
  readonly countedMicroUsd: number
}

export const TOKENS = 24
/** More than one, so that an estimate by events alone would be too low. */
export const TOKENS_PER_EVENT = 2
/** Beyond all that the streams can come to. */
const ACCOUNT_DOLLARS = 1_000_000
const AT_ONCE = 60
const PATIENCE_MS = 20_000

const ENDED_EARLY = ['before-headers', 'before-first-token', 'middle', 'after-last-token'] as const

export const KINDS: readonly Kind[] = (['chat', 'messages'] as const).flatMap((api) => [
  ...ENDED_EARLY.flatMap((phase) =>
    (['client', 'provider'] as const).map((ender) => kindOf(api, phase, ender)),
  ),
  kindOf(api, 'at-the-cap', 'nobody'),
  kindOf(api, 'after-the-end', 'nobody'),
])

function kindOf(api: Api, phase: Phase, ender: Ender): Kind {
  return { model: `${api}-${phase}-${ender}`.padEnd(36, '.'), api, phase, ender }
}

/** All models have names of the same length, and with them all bodies. */
const BODY_BYTES = Buffer.byteLength(bodyOf({ model: KINDS[0]?.model ?? '', maxTokens: TOKENS }))
/** What is held for one call, and all that a key may spend whose streams are to reach their cap. */
export const HELD_MICRO_USD = BODY_BYTES * INPUT_MICRO_USD + TOKENS * OUTPUT_MICRO_USD

export interface StreamsOptions {
  readonly streams: number
  readonly databaseUrl?: string
  readonly redisUrl?: string
}

export async function playStreams({ streams, ...servers }: StreamsOptions): Promise<StreamsReport> {
  const rig = await startSpendRig({
    models: KINDS.map(({ model }) => model),
    tiers: { capped: { limits: [], spend: { perDay: HELD_MICRO_USD / 1_000_000 } } },
    spend: { account: { perDay: ACCOUNT_DOLLARS } },
    fake: { maxRecorded: 4 * AT_ONCE, tokensPerChunk: TOKENS_PER_EVENT },
    ...servers,
  })
  try {
    return await new Play(rig).all(streams)
  } finally {
    await rig.stop()
  }
}

interface Played {
  readonly kind: Kind
  readonly answer: Answer
  readonly call: FakeCall
  readonly closedAfterMs: number | null
}

class Play {
  readonly #rig: SpendRig
  #played: Played[] = []
  #openKey = ''

  constructor(rig: SpendRig) {
    this.#rig = rig
  }

  async all(streams: number): Promise<StreamsReport> {
    this.#openKey = (await this.#rig.newKey()).key
    let next = 0
    const lanes = Array.from({ length: AT_ONCE }, async () => {
      for (let at = next++; at < streams; at = next++) {
        const kind = KINDS[at % KINDS.length]
        if (kind !== undefined) this.#played.push(await this.#one(kind, `stream-${at}`))
      }
    })
    await Promise.all(lanes)
    return this.#report()
  }

  async #one(kind: Kind, tag: string): Promise<Played> {
    const { api, phase, ender, model } = kind
    const key = phase === 'at-the-cap' ? (await this.#rig.newKey('capped')).key : this.#openKey
    const faults = {
      outputTokens: TOKENS,
      ...(phase === 'at-the-cap' ? { ignoresMaxTokens: true, outputTokens: 40 * TOKENS } : {}),
      // Slow enough to be caught in the middle, and to be cut before it is over.
      ...(phase === 'at-the-cap' || phase === 'middle' ? { tokenDelayMs: 4 } : {}),
      ...(ender === 'provider' ? { closeAt: phase as FaultPhase } : {}),
      ...(ender === 'client' && phase !== 'middle' ? { hangAt: phase as FaultPhase } : {}),
    }
    const asked = ask(this.#rig.url, { api, key, model, maxTokens: TOKENS, faults, tag })
    let leftAtMs: number | null = null
    if (ender === 'client') {
      await this.#moment(kind, asked, tag)
      leftAtMs = Date.now()
      asked.hangUp()
    }
    const answer = await asked.answer
    const call = await this.#ended(api, tag)
    const { endedAtMs } = call
    const closedAfterMs = leftAtMs === null || endedAtMs === null ? null : endedAtMs - leftAtMs
    return { kind, answer, call, closedAfterMs }
  }

  /** Fulfils when the client is to leave. */
  async #moment({ api, phase }: Kind, asked: Asked, tag: string): Promise<void> {
    if (phase === 'before-headers') await this.#call(api, tag, () => true)
    else if (phase === 'before-first-token') await asked.head
    else await asked.received((phase === 'middle' ? TOKENS / 2 : TOKENS) / TOKENS_PER_EVENT)
  }

  #ended(api: Api, tag: string): Promise<FakeCall> {
    return this.#call(api, tag, ({ end }) => end !== 'open')
  }

  async #call(api: Api, tag: string, holds: (call: FakeCall) => boolean): Promise<FakeCall> {
    const fake = api === 'chat' ? this.#rig.openai : this.#rig.anthropic
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(10)) {
      const call = fake.findCall(tag)
      if (call !== undefined && holds(call)) return call
    }
    throw new Error(`${tag} did not get that far: ${this.#rig.logged.slice(-3).join('\n')}`)
  }

  async #report(): Promise<StreamsReport> {
    const { spend } = this.#rig.gate
    if (spend === null) throw new Error('the gate meters nothing')
    // Settlements are written in groups; what stays held will be told.
    for (let waited = 0; waited < 3_000; waited += 50) {
      if ((await spend.report()).reservedMicroUsd === 0) break
      await sleep(50)
    }
    const report = await spend.report()
    const [cap] = await spend.caps()
    return {
      outcomes: KINDS.map((kind) => this.#outcome(kind, report.byModel)),
      reservedMicroUsd: report.reservedMicroUsd,
      totalMicroUsd: report.total.microUsd,
      countedMicroUsd: cap?.status.used ?? Number.NaN,
    }
  }

  #outcome(kind: Kind, byModel: readonly SpendLine[]): Outcome {
    const played = this.#played.filter((one) => one.kind === kind)
    const answers = played.map(({ answer }) => answer)
    return {
      kind,
      ledger: byModel.find(({ name }) => name === kind.model),
      calls: played.map(({ call }) => call),
      answers,
      closedAfterMs: played.flatMap(({ closedAfterMs }) => closedAfterMs ?? []),
      receivedTokens: answers.reduce((sum, { text }) => sum + wordsIn(text) * TOKENS_PER_EVENT, 0),
      bodyBytes: BODY_BYTES,
    }
  }
}

export const sumOf = (calls: readonly FakeCall[], of: (call: FakeCall) => number): number =>
  calls.reduce((sum, call) => sum + of(call), 0)
