/**
 * What does one check of a verified key cost in process (parse, checksum, fingerprint, state, scope,
 * address, minute + burst + day), beside one SHA-256 of the key and beside better-auth on SQLite?
 */
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db'
import { apiKey } from 'better-auth/plugins'
import { openBenchGate } from './servers/open-gate.ts'
import { compare } from './time.ts'

const { gate, key } = await openBenchGate()
const request = { presentedKey: key, address: '203.0.113.9', requestId: 'bench', scope: 'read' }
const first = await gate.check(request)
if (!first.allowed) throw new Error(`the bench key was refused: ${first.code}`)

const peer = await openPeer()
await compare('A check of a verified key', [
  {
    name: "crypto.hash('sha256', key)",
    times: 200_000,
    run(times) {
      for (let i = 0; i < times; i++) hash('sha256', key, 'buffer')
    },
  },
  {
    name: 'lockgate gate.check',
    times: 200_000,
    async run(times) {
      for (let i = 0; i < times; i++) {
        const decision = gate.check(request)
        const { allowed } = decision instanceof Promise ? await decision : decision
        if (!allowed) throw new Error('refused')
      }
    },
  },
  { name: 'better-auth verifyApiKey, SQLite in memory', times: 1_000, run: peer },
])
await gate.close()

async function openPeer(): Promise<(times: number) => Promise<void>> {
  const auth = betterAuth({
    secret: 'a secret of the bench, thirty-two characters',
    baseURL: 'http://127.0.0.1',
    database: new DatabaseSync(':memory:'),
    emailAndPassword: { enabled: true },
    logger: { disabled: true },
    telemetry: { enabled: false },
    plugins: [apiKey({ rateLimit: { enabled: true, timeWindow: 60_000, maxRequests: 1e9 } })],
  })
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
  const body = { email: 'bench@example.com', password: 'correct horse', name: 'Bench' }
  const { user } = await auth.api.signUpEmail({ body })
  const created = await auth.api.createApiKey({ body: { userId: user.id } })
  return async (times) => {
    for (let i = 0; i < times; i++) {
      const { valid } = await auth.api.verifyApiKey({ body: { key: created.key } })
      if (!valid) throw new Error('the peer refused its key')
    }
  }
}
