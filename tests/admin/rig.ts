/**
 * An admin server under test with a real gate behind it, in this process and on 127.0.0.1. Its keys
 * are of a tier without limits that a test could meet, unless it asks for some.
 */
import { type AdminServer, createAdminServer } from '../../src/admin/admin-server.ts'
import { apiRoutes } from '../../src/admin/api-routes.ts'
import type { AdminRoute } from '../../src/admin/routes.ts'
import { resolveSettings } from '../../src/config/index.ts'
import type { Gate, IssueKeyInput } from '../../src/engine/gate.ts'
import { type LockgateConfig, openGate } from '../../src/index.ts'

const QUICK = { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } }
const PLENTY = { name: 'minute', quota: 1_000_000, window: '1m' }

export interface Call {
  readonly key?: string
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
}

export interface AdminRig {
  readonly gate: Gate
  readonly server: AdminServer
  readonly port: number
  readonly url: string
  readonly logged: string[]
  /** Those that the server has. */
  readonly routes: readonly AdminRoute[]
  /** Of the operator, with scope `admin`. */
  readonly admin: string
  issue(input?: Partial<IssueKeyInput>): Promise<{ readonly key: string; readonly id: string }>
  call(method: string, path: string, call?: Call): Promise<Answer>
  stop(): Promise<void>
}

export interface AdminRigOptions {
  readonly config?: LockgateConfig
  readonly timeoutMs?: number
}

export async function startAdminRig({
  config,
  timeoutMs,
}: AdminRigOptions = {}): Promise<AdminRig> {
  const settings = resolveSettings(
    { ip: false, keys: QUICK, ...config, tiers: { open: { limits: [PLENTY] }, ...config?.tiers } },
    {},
    { databaseUrl: 'sqlite::memory:' },
  )
  const logged: string[] = []
  const note = (fields: object, message: string): void => {
    logged.push(JSON.stringify({ ...fields, message }))
  }
  const log = { debug: note, info: note, warn: note, error: note }
  const gate = await openGate(settings, { log })
  const options = {
    ...{ gate, log, version: '1.2.3', health: () => gate.health(), isDraining: () => false },
    metrics: async () => ({ contentType: 'text/plain', body: 'lockgate_x 1\n' }),
    publicUrl: settings.publicUrl,
  }
  const timeouts = timeoutMs === undefined ? {} : { timeoutMs }
  const server = createAdminServer({ ...options, ...timeouts })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`

  async function issue(input: Partial<IssueKeyInput> = {}) {
    const chosen = { owner: 'ops@example.com', tier: 'open', ...input }
    const { key, record } = await gate.keys.issue(chosen)
    return { key, id: record.keyId }
  }
  const { key: admin } = await issue({ scopes: ['admin'] })
  return {
    ...{ gate, server, port, url, logged, admin, issue, routes: apiRoutes(options) },
    call: (method, path, call) => ask(url + path, method, call),
    async stop() {
      await server.close()
      await gate.close()
    },
  }
}

async function ask(
  url: string,
  method: string,
  { key, body, headers }: Call = {},
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: jsonOf(answer, text) }
}

function jsonOf(answer: Response, text: string): Record<string, unknown> {
  const isJson = answer.headers.get('content-type') === 'application/json' && text !== ''
  return isJson ? JSON.parse(text) : {}
}
