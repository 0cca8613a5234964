/**
 * What every demo stands on, all on this machine: gateways before a fake LLM or an app that calls
 * it, and one SQLite database in a temporary folder, which goes when the stage is closed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LockgateConfig, resolveSettings } from '../../config/index.ts'
import type { AuditRow } from '../../core/audit.ts'
import type { Gate, IssuedKey } from '../../engine/gate.ts'
import { createGateway } from '../../gateway/index.ts'
import { openGate } from '../../lockgate.ts'
import type { FakeOpenAI } from '../../testing/fake-openai/index.ts'
import { freePort } from './ports.ts'
import type { Teardown } from './teardown.ts'

export const HOST = '127.0.0.1'

/** The credential of the owner's account at the LLM; no client of a gateway ever sees it. */
export const OWNERS_CREDENTIAL = 'owners-llm-credential'

/** The API behind the gateway. */
export interface Endpoint {
  /** Cleans the text it is given, at the cost of one call to the LLM. */
  readonly postUrl: string
  /** Answers a GET without a call to the LLM. */
  readonly getUrl: string
  /** The body of a POST. */
  bodyOf(text: string): object
  /** The cleaned text in the body of an answer. */
  textOf(answer: Readonly<Record<string, unknown>>): unknown
}

export interface Stage {
  readonly llm: FakeOpenAI
  readonly gate: Gate
  /** Of the gateway, such as `http://127.0.0.1:8787`. */
  readonly origin: string
  readonly endpoint: Endpoint
  /** As LOCKGATE_DATABASE_URL takes it. */
  readonly databaseUrl: string
  readonly freeKey: IssuedKey
  readonly readOnlyKey: IssuedKey
  /** Writes what the gateways have folded in memory. */
  flushAudit(): Promise<void>
  /** Drains the gateways, closes everything and removes the database. */
  close(): Promise<void>
}

export interface StageOptions {
  /** The gateway's port, or the next free one; 0 for any. */
  readonly port: number
  readonly onAudit?: (row: AuditRow) => void
}

/** The URL of a database that is removed at the end. */
export async function temporaryDatabase(teardown: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lockgate-demo-'))
  teardown.add(() => rm(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'lockgate.db')}`
}

export interface Door {
  readonly gate: Gate
  readonly origin: string
}

/** A gateway with a gate of its own. */
export async function openDoor(
  config: LockgateConfig,
  { port: wantedPort, onAudit }: StageOptions,
  teardown: Teardown,
): Promise<Door> {
  const settings = resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'warn' })
  const gate = await openGate(settings, {
    actor: 'gateway',
    ...(onAudit === undefined ? {} : { onAudit }),
  })
  teardown.add(() => gate.close())
  const gateway = createGateway({ gate, settings: settings.gateway })
  teardown.add(() => gateway.close())
  const { port } = await gateway.listen({ port: await freePort(wantedPort, HOST), host: HOST })
  return { gate, origin: `http://${HOST}:${port}` }
}

/** One key that may call everything, and one that may only read. */
export async function issueKeys({ keys }: Gate): Promise<Pick<Stage, 'freeKey' | 'readOnlyKey'>> {
  const owner = 'you@example.com'
  return {
    freeKey: await keys.issue({ owner, scopes: ['read', 'write'], name: 'demo' }),
    readOnlyKey: await keys.issue({ owner, name: 'demo, read only' }),
  }
}
