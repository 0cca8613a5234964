/** An admin listener that takes reports of leaks, with a real gate and a real mail server behind it. */
import { createAdminServer } from '../../src/admin/admin-server.ts'
import { resolveSettings } from '../../src/config/index.ts'
import type { Gate } from '../../src/engine/gate.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { openGate } from '../../src/lockgate.ts'
import { type SmtpServer, startSmtp } from '../servers/smtp.ts'
import { QUICK_HASH } from '../threats/observed-gate.ts'

export interface LeakRig {
  readonly gate: Gate
  readonly smtp: SmtpServer
  readonly url: string
  readonly logged: string[]
  /** `POST /v1/leaks` with this body; a text is sent as it is. */
  report(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reported>
  /** What a request with this key gets now. */
  codeOf(key: string): Promise<string>
  stop(): Promise<void>
}

export interface Reported {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export async function startLeakRig(config: LockgateConfig = {}): Promise<LeakRig> {
  const smtp = await startSmtp()
  const settings = resolveSettings(
    { ip: false, keys: QUICK_HASH, ...config },
    { LOCKGATE_SMTP_URL: smtp.url },
    { databaseUrl: 'sqlite::memory:' },
  )
  const logged: string[] = []
  const note = (fields: object, message: string) =>
    void logged.push(JSON.stringify(fields) + message)
  const log = { debug: note, info: note, warn: note, error: note }
  const gate = await openGate(settings, { log })
  const server = createAdminServer({
    ...{ gate, log, version: '1.2.3', health: () => gate.health(), isDraining: () => false },
    ...{ leaks: settings.leaks, publicUrl: settings.publicUrl },
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  return {
    ...{ gate, smtp, url, logged },
    async report(body, headers = {}) {
      const answer = await fetch(`${url}/v1/leaks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      const read = (await answer.json()) as Record<string, unknown>
      return { status: answer.status, headers: answer.headers, body: read }
    },
    async codeOf(key) {
      const decision = await gate.check({ presentedKey: key, address: undefined, requestId: 'r' })
      return decision.allowed ? 'allowed' : decision.code
    },
    async stop() {
      await server.close()
      await gate.close()
      await smtp.stop()
    },
  }
}
