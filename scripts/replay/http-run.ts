/**
 * The night over HTTP, as fast as it goes: the same calls in the same order through a real gateway
 * to a local OpenAI-compatible fake, on the machine's clock. Six hours shrink to seconds, so the
 * limits of addresses refuse most of it already.
 *
 * Concurrency: 32 connections take calls from one list; a user's calls keep their order.
 */
import { Agent } from 'undici'
import { resolveSettings } from '../../src/config/index.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import { openGate } from '../../src/lockgate.ts'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'
import { auditAccount } from './audit-account.ts'
import { type Caller, createCallers, createOpenCallers, OWNERS_KEY } from './callers.ts'
import type { RunOptions } from './engine-run.ts'
import { CALL_MICRO_USD, type ScenarioName, type ScenarioResult, Tally } from './tally.ts'

const CONNECTIONS = 32
const PRICE = {
  inputMicroUsdPerMillion: 0,
  outputMicroUsdPerMillion: 0,
  requestMicroUsd: CALL_MICRO_USD,
}
const BODY = JSON.stringify({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'teh text' }],
})

export async function runOverHttp(
  scenario: ScenarioName,
  options: RunOptions,
): Promise<ScenarioResult> {
  const startedMs = performance.now()
  const llm = await startFakeOpenAI({ priceTable: { 'gpt-4o-mini': PRICE }, maxRecorded: 0 })
  const guarded = scenario === 'open' ? undefined : await startGateway(scenario, options, llm)
  const callers =
    guarded === undefined
      ? createOpenCallers()
      : await createCallers(guarded.gate, scenario === 'one-key')
  const scraper = new Tally()
  const users = new Tally()
  await sendAll(guarded?.origin ?? new URL(llm.url).origin, callers, options, (caller, status) => {
    const tally = caller === 0 ? scraper : users
    tally.add(performance.now(), status)
  })
  const audit = guarded === undefined ? null : await auditAccount(guarded.gate)
  await guarded?.gateway.close()
  await guarded?.gate.close()
  const reached = scraper.outcome().reached + users.outcome().reached
  const { requests } = llm.books.total
  await llm.close()
  if (requests !== reached) throw new Error(`the LLM booked ${requests} calls, not ${reached}`)
  return {
    scenario,
    scraper: scraper.outcome(),
    users: users.outcome(),
    audit,
    elapsedMs: performance.now() - startedMs,
  }
}

interface Guarded {
  readonly gate: Gate
  readonly gateway: Gateway
  readonly origin: string
}

/** Every caller has an address of its own: the gateway trusts X-Forwarded-For from this machine. */
async function startGateway(
  scenario: ScenarioName,
  { folder }: RunOptions,
  llm: FakeOpenAI,
): Promise<Guarded> {
  const config = {
    databaseUrl: `sqlite:${folder}/${scenario}-http.db`,
    upstream: new URL(llm.url).origin,
    upstreamHeaders: { authorization: `Bearer ${OWNERS_KEY}` },
    ip: { trustedProxies: ['127.0.0.1'] },
    errors: 'openai' as const,
  }
  const settings = resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'warn' })
  const gate = await openGate(settings, { actor: 'gateway' })
  const gateway = createGateway({ gate, settings: settings.gateway })
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' })
  return { gate, gateway, origin: `http://127.0.0.1:${port}` }
}

async function sendAll(
  origin: string,
  callers: readonly Caller[],
  { trace, progress }: RunOptions,
  onAnswer: (caller: number, status: number) => void,
): Promise<void> {
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  const calls = trace.values()
  let done = 0
  const worker = async (): Promise<void> => {
    for (const { caller } of calls) {
      onAnswer(caller, await send(agent, origin, callers[caller]))
      done += 1
      progress.at(done)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  await agent.close()
}

async function send(agent: Agent, origin: string, caller: Caller | undefined): Promise<number> {
  const { key, address = '' } = caller ?? {}
  const { statusCode, body } = await agent.request({
    origin,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: BODY,
  })
  await body.dump()
  return statusCode
}
