/**
 * The night over HTTP, as fast as it goes: the same calls in the same order through a real gateway
 * to a local OpenAI-compatible fake, on the machine's clock. Six hours shrink to seconds, so the
 * limits of addresses refuse most of it already.
 *
 * Concurrency: 32 connections take calls from one list; a user's calls keep their order.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from 'undici'
import { resolveSettings } from '../../config/index.ts'
import type { Gate } from '../../engine/gate.ts'
import { createGateway, type Gateway } from '../../gateway/index.ts'
import { openGate } from '../../lockgate.ts'
import { startFakeOpenAI } from '../../testing/fake-openai/index.ts'
import { counted } from '../output.ts'
import { auditAccount } from './audit-account.ts'
import {
  type Caller,
  type Callers,
  callerOf,
  createCallers,
  createOpenCallers,
  OWNERS_KEY,
} from './callers.ts'
import type { RunOptions } from './engine-run.ts'
import { ledgerMicroUsd } from './ledger-account.ts'
import { CALL_MICRO_USD, CAPS, type Scenario } from './scenarios.ts'
import { type ScenarioResult, Tally } from './tally.ts'

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
  scenario: Scenario,
  options: RunOptions,
): Promise<ScenarioResult> {
  const folder = await mkdtemp(join(tmpdir(), 'lockgate-replay-'))
  const llm = await startFakeOpenAI({ priceTable: { 'gpt-4o-mini': PRICE }, maxRecorded: 0 })
  try {
    const upstream = new URL(llm.url).origin
    const result =
      scenario.keys === null
        ? await runScenario(scenario, options, upstream)
        : await runGuarded(scenario, options, upstream, folder)
    const reached = result.scraper.reached + result.users.reached
    const { requests } = llm.books.total
    if (requests !== reached)
      throw new Error(`the LLM booked ${requests} of ${counted(reached, 'call')}`)
    return result
  } finally {
    await llm.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function runGuarded(
  scenario: Scenario,
  options: RunOptions,
  upstream: string,
  folder: string,
): Promise<ScenarioResult> {
  const { gate, gateway, origin } = await startGateway(scenario, {
    ...{ databaseUrl: `sqlite:${join(folder, `${scenario.name}.db`)}`, upstream },
  })
  try {
    return await runScenario(scenario, options, origin, gate)
  } finally {
    await gateway.close()
    await gate.close()
  }
}

async function runScenario(
  scenario: Scenario,
  options: RunOptions,
  origin: string,
  gate?: Gate,
): Promise<ScenarioResult> {
  const startedMs = performance.now()
  const callers = gate === undefined ? createOpenCallers() : await createCallers(gate, scenario)
  const scraper = new Tally()
  const users = new Tally()
  await sendAll(origin, callers, options, (caller, status, tookMs) => {
    const tally = caller === 0 ? scraper : users
    tally.add(performance.now(), status, tookMs)
  })
  return {
    ...{ scenario, scraper: scraper.outcome(), users: users.outcome() },
    audit: gate === undefined ? null : await auditAccount(gate),
    ledgerMicroUsd: await ledgerMicroUsd(gate),
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
  { isCapped }: Scenario,
  places: { readonly databaseUrl: string; readonly upstream: string },
): Promise<Guarded> {
  const config = {
    ...places,
    ...(isCapped ? CAPS : {}),
    upstreamHeaders: { authorization: `Bearer ${OWNERS_KEY}` },
    ip: { trustedProxies: ['127.0.0.1'] },
    errors: 'openai' as const,
  }
  const settings = resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'warn' })
  const gate = await openGate(settings, { actor: 'gateway', chores: false })
  const gateway = createGateway({ gate, settings: settings.gateway })
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' })
  return { gate, gateway, origin: `http://127.0.0.1:${port}` }
}

async function sendAll(
  origin: string,
  callers: Callers,
  { trace, progress }: RunOptions,
  onAnswer: (caller: number, status: number, tookMs: number) => void,
): Promise<void> {
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  const calls = trace.entries()
  let done = 0
  const worker = async (): Promise<void> => {
    for (const [index, { caller }] of calls) {
      const sentMs = performance.now()
      const status = await send(agent, origin, callerOf(callers, caller, index))
      onAnswer(caller, status, performance.now() - sentMs)
      done += 1
      progress.at(done)
    }
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  } finally {
    await agent.destroy()
  }
}

async function send(agent: Agent, origin: string, { key, address }: Caller): Promise<number> {
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
