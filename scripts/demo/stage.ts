/**
 * What the demo shows, all on this machine: a fake LLM, the text-cleaner that calls it, a gateway in
 * front of the app, and a second gateway in front of the LLM itself for OpenAI's SDKs. Both gateways
 * share one SQLite database in a temporary folder, which goes when the stage is closed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { createApp } from '../../examples/text-cleaner/app.ts'
import { type LockgateConfig, resolveSettings } from '../../src/config/index.ts'
import type { AuditRow } from '../../src/core/audit.ts'
import type { Gate, IssuedKey } from '../../src/engine/gate.ts'
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import { openGate } from '../../src/lockgate.ts'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'
import { freePort } from './ports.ts'

const HOST = '127.0.0.1'
const MODEL = 'gpt-4o-mini'

/** The credential of the owner's account at the LLM; no client of a gateway ever sees it. */
export const OWNERS_CREDENTIAL = 'owners-llm-credential'

/** Three requests in two seconds, so that a 429 and the way out of it take no minute. */
const QUICK_TIER = { limits: [{ name: 'quick', quota: 3, window: '2s' }] }

export interface Stage {
  readonly llm: FakeOpenAI
  readonly gate: Gate
  /** `http://127.0.0.1:8787`, in front of the text-cleaner. */
  readonly origin: string
  /** The base URL for OpenAI's SDKs, in front of the LLM. */
  readonly openaiUrl: string
  readonly appOrigin: string
  /** As LOCKGATE_DATABASE_URL takes it. */
  readonly databaseUrl: string
  readonly freeKey: IssuedKey
  readonly readOnlyKey: IssuedKey
  readonly quickKey: IssuedKey
  /** Writes what both gateways have folded in memory. */
  flushAudit(): Promise<void>
  /** Drains both gateways, closes everything and removes the database. */
  close(): Promise<void>
}

export interface StageOptions {
  /** The first gateway's port, or the next free one. */
  readonly port: number
  readonly onAudit?: (row: AuditRow) => void
}

export async function startStage({ port, onAudit }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'lockgate-demo-'))
  const databaseUrl = `sqlite:${join(folder, 'lockgate.db')}`
  const llm = await startFakeOpenAI({ apiKeys: [OWNERS_CREDENTIAL] })
  const app = await startApp(llm)
  const appOrigin = originOf(app.address() as AddressInfo)
  const front = await startDoor({ databaseUrl, upstream: appOrigin }, port, onAudit)
  const openai = await startDoor(
    {
      databaseUrl,
      upstream: new URL(llm.url).origin,
      upstreamHeaders: { authorization: `Bearer ${OWNERS_CREDENTIAL}` },
      errors: 'openai',
      tiers: { quick: QUICK_TIER },
    },
    port + 1,
  )
  const { keys } = front.gate
  const scopes = ['read', 'write']
  return {
    ...{ llm, appOrigin, databaseUrl, gate: front.gate, origin: front.origin },
    openaiUrl: `${openai.origin}/v1`,
    freeKey: await keys.issue({ owner: 'you@example.com', scopes, name: 'demo' }),
    readOnlyKey: await keys.issue({ owner: 'you@example.com', name: 'demo, read only' }),
    quickKey: await openai.gate.keys.issue({ owner: 'you@example.com', tier: 'quick', scopes }),
    async flushAudit() {
      for (const { gate } of [front, openai]) await gate.audit.flush()
    },
    async close() {
      for (const { gateway, gate } of [front, openai]) {
        await gateway.close()
        await gate.close()
      }
      app.closeAllConnections()
      app.close()
      await llm.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function startApp(llm: FakeOpenAI): Promise<Server> {
  const client = new OpenAI({ baseURL: llm.url, apiKey: OWNERS_CREDENTIAL })
  return new Promise((resolve, reject) => {
    const server = createApp({ llm: client, model: MODEL }).listen(0, HOST, (error) => {
      if (error) reject(error)
      else resolve(server)
    })
  })
}

interface Door {
  readonly gate: Gate
  readonly gateway: Gateway
  readonly origin: string
}

async function startDoor(
  config: LockgateConfig,
  wantedPort: number,
  onAudit?: (row: AuditRow) => void,
): Promise<Door> {
  const settings = resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'warn' })
  const sink = onAudit === undefined ? {} : { onAudit }
  const gate = await openGate(settings, { actor: 'gateway', ...sink })
  const gateway = createGateway({ gate, settings: settings.gateway })
  const address = await gateway.listen({ port: await freePort(wantedPort, HOST), host: HOST })
  return { gate, gateway, origin: originOf(address) }
}

const originOf = ({ port }: AddressInfo): string => `http://${HOST}:${port}`
