/**
 * So many calls at once, through real `serve` processes, against a cap that fits exactly k of them: k
 * reach the upstream. Each round has a key of its own, whose tier has the cap, and a call costs just what
 * was held for it, so that nothing is given back to let another in.
 */
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'
import { type Serving, serve } from '../e2e/serving.ts'
import { type Answer, ask, bodyOf, type Call } from './chat.ts'
import { fakePricesOf, INPUT_MICRO_USD, OUTPUT_MICRO_USD, pricesOf, UNHURRIED } from './rig.ts'

const FITTING = 7
const MODEL = 'one-model'
const TOKENS = 10
const INPUT_TOKENS = Buffer.byteLength(bodyOf({ model: MODEL, maxTokens: TOKENS, isStream: false }))
const CALL_MICRO_USD = INPUT_TOKENS * INPUT_MICRO_USD + TOKENS * OUTPUT_MICRO_USD
/** One micro-dollar less than would let in another. */
const CAP_MICRO_USD = (FITTING + 1) * CALL_MICRO_USD - 1

export interface RoundsOptions {
  readonly instances: number
  readonly rounds: number
  readonly callers: number
  /** Of databases and Redis. */
  readonly variables?: Readonly<Record<string, string>>
}

/** How many rounds ended how, such as `{ '7 of 1000, $0.001309': 3 }`. */
export type Tally = Readonly<Record<string, number>>

export const expectedTally = ({ rounds, callers }: RoundsOptions): Tally => ({
  [resultOf(FITTING, FITTING, callers, FITTING * CALL_MICRO_USD)]: rounds,
})

export async function playRounds(options: RoundsOptions): Promise<Tally> {
  const faults = { outputTokens: TOKENS, wrongInputTokens: INPUT_TOKENS }
  const llm = await startFakeOpenAI({ faults, priceTable: fakePricesOf([MODEL]) })
  const servers: Serving[] = []
  // Connections are kept from round to round; each caller still has one to itself.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: options.callers })
  try {
    const config = {
      ...UNHURRIED,
      ...(options.variables?.['LOCKGATE_REDIS_URL'] === undefined
        ? {}
        : { redis: { deadline: '5s' } }),
      tiers: { free: { limits: [], spend: { perDay: CAP_MICRO_USD / 1_000_000 } } },
      spend: { prices: pricesOf([MODEL]) },
    }
    const upstreamUrl = new URL(llm.url).origin
    while (servers.length < options.instances) {
      servers.push(await serve(config, options.variables, upstreamUrl))
    }
    const tally: Record<string, number> = {}
    for (let round = 0; round < options.rounds; round++) {
      const result = await play({ servers, llm, agent, callers: options.callers })
      tally[result] = (tally[result] ?? 0) + 1
    }
    return tally
  } finally {
    agent.destroy()
    await Promise.all(servers.map((server) => server.stop()))
    await llm.close()
  }
}

interface Round {
  readonly servers: readonly Serving[]
  readonly llm: FakeOpenAI
  readonly agent: Agent
  readonly callers: number
}

async function play({ servers, llm, agent, callers }: Round): Promise<string> {
  const [first] = servers
  if (first === undefined) return 'no server'
  const { key, key_id: keyId } = await first.createKey('--scopes', 'write')
  const before = llm.books.total.requests
  const answers = await Promise.all(
    Array.from({ length: callers }, (_, caller) => {
      const { url } = servers[caller % servers.length] ?? first
      return askUntilDecided(url, { key, agent, model: MODEL, maxTokens: TOKENS })
    }),
  )
  const strange = answers.find((answer) => !isExpected(answer))
  if (strange !== undefined) return `${strange.status} ${strange.text}`
  const answered = answers.filter(({ status }) => status === 200).length
  const reached = llm.books.total.requests - before
  return resultOf(answered, reached, callers, await spentBy(first, keyId))
}

/**
 * A machine that is busy with a thousand calls may take too long to write one down: that call is given
 * back and gets 503, and asks again as it is told.
 */
async function askUntilDecided(url: string, call: Omit<Call, 'api' | 'isStream'>): Promise<Answer> {
  for (;;) {
    const answer = await ask(url, { ...call, api: 'chat', isStream: false }).answer
    if (answer.status !== 503) return answer
    await sleep(1_000)
  }
}

function isExpected({ status, text }: Answer): boolean {
  return status === 200 || (status === 429 && text.includes('"spend_exceeded"'))
}

/** What the ledger has, once everything is settled in it. */
async function spentBy(server: Serving, keyId: string): Promise<number> {
  for (;;) {
    const report = JSON.parse(await server.cli('spend', '--key', keyId, '--json'))
    if (report.reserved_micro_usd === 0) return report.total_micro_usd
  }
}

function resultOf(answered: number, reached: number, callers: number, microUsd: number): string {
  return `${answered} of ${callers} answered, ${reached} reached the upstream, ${microUsd} µ$ spent`
}
