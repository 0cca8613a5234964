/** Who was let in on the admin listener is in the audit log. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { resolveSettings } from '../config/index.ts'
import type { Gate } from '../engine/gate.ts'
import { openGate } from '../lockgate.ts'
import { createLogger } from '../telemetry/logger.ts'
import { type AdminServer, createAdminServer } from './admin-server.ts'

const QUICK = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }

let gate: Gate
let server: AdminServer
let url = ''
beforeEach(async () => {
  const log = createLogger('silent')
  const settings = resolveSettings({ databaseUrl: 'sqlite::memory:', keys: QUICK }, {}, {})
  gate = await openGate(settings, { log, chores: false })
  server = createAdminServer({
    ...{ gate, log, version: '1.2.3', health: () => gate.health(), isDraining: () => false },
    publicUrl: 'http://127.0.0.1:8788',
    metrics: async () => ({ contentType: 'text/plain', body: '' }),
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${port}`
})
afterEach(async () => {
  await server.close()
  await gate.close()
})

async function askWith(scopes: readonly string[], ...paths: string[]): Promise<string> {
  const { key, record } = await gate.keys.issue({ owner: 'ops@example.com', tier: 'paid', scopes })
  for (const path of paths) {
    await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })
  }
  return record.keyId
}

const signedIn = async () =>
  (await gate.audit.tail({ event: 'admin.signed_in' })).map(({ row }) => row)

test('an administrator once, however often the key is used', async () => {
  const keyId = await askWith(['admin'], '/metrics', '/metrics', '/metrics')
  expect(await signedIn()).toMatchObject([
    { keyId, actor: keyId, address: '127.0.0.1', requestId: expect.any(String), count: 1 },
  ])
})

test('nobody whose key was refused, and nobody who needed none', async () => {
  await askWith(['read', 'write'], '/metrics')
  await askWith(['admin'], '/health', '/nothing-here')
  await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer sk_live_wrong' } })
  expect(await signedIn()).toEqual([])
})
