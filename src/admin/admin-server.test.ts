/** The admin listener over HTTP, with a real gate behind it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveSettings } from '../config/index.ts'
import type { Gate } from '../engine/gate.ts'
import { openGate } from '../lockgate.ts'
import { type AdminServer, type AdminServerOptions, createAdminServer } from './admin-server.ts'

const QUICK = { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } }
const logged: string[] = []
const note = (fields: object, message: string) => void logged.push(JSON.stringify(fields) + message)
const log = { debug: note, info: note, warn: note, error: note }

let gate: Gate
const servers: AdminServer[] = []
beforeAll(async () => {
  const settings = resolveSettings({ databaseUrl: 'sqlite::memory:', keys: QUICK }, {}, {})
  gate = await openGate(settings, { log })
})
afterAll(async () => {
  for (const server of servers) await server.close()
  await gate.close()
})

async function open(options: Partial<AdminServerOptions> = {}): Promise<string> {
  const server = createAdminServer({
    ...{ gate, log, version: '1.2.3', health: () => gate.health(), isDraining: () => false },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'lockgate_x 1\n' }),
    publicUrl: 'http://127.0.0.1:8788',
    ...options,
  })
  servers.push(server)
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${port}`
}

async function bearer(...scopes: string[]): Promise<{ authorization: string }> {
  const { key } = await gate.keys.issue({ owner: 'ops@example.com', tier: 'paid', scopes })
  return { authorization: `Bearer ${key}` }
}

async function codeOf(answer: Response): Promise<string> {
  const { code } = (await answer.json()) as { readonly code: string }
  return code
}

describe('health needs no key', () => {
  test.each(['/health', '/health/live', '/health/ready'])('%s', async (path) => {
    const answer = await fetch((await open()) + path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toHaveProperty('status')
    const head = await fetch((await open({ gate: undefined })) + path, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})

describe('metrics', () => {
  test('are shown to a key with the scope admin', async () => {
    const answer = await fetch(`${await open()}/metrics`, { headers: await bearer('admin') })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(answer.headers.get('ratelimit-policy')).toContain('minute')
    expect(await answer.text()).toBe('lockgate_x 1\n')
  })

  test('are refused to everybody else, as everywhere', async () => {
    const url = `${await open()}/metrics`
    const none = await fetch(url)
    expect([none.status, await codeOf(none)]).toEqual([401, 'missing_key'])
    const wrong = await fetch(url, { headers: { authorization: 'Bearer sk_live_wrong' } })
    expect([wrong.status, await codeOf(wrong)]).toEqual([401, 'invalid_key'])
    const other = await fetch(url, { headers: await bearer('read', 'write') })
    expect([other.status, await codeOf(other)]).toEqual([403, 'insufficient_scope'])
    expect(other.headers.get('www-authenticate')).toContain('scope="admin"')
    const inUrl = await fetch(`${url}?api_key=${(await bearer('admin')).authorization.slice(7)}`)
    expect([inUrl.status, await codeOf(inUrl)]).toEqual([400, 'key_in_url'])
  })

  test('are refused to all where nobody can check a key, and absent where there are none', async () => {
    const headers = await bearer('admin')
    const closed = await fetch(`${await open({ gate: undefined })}/metrics`, { headers })
    expect([closed.status, await codeOf(closed)]).toEqual([503, 'auth_unavailable'])
    expect((await fetch(`${await open({ metrics: undefined })}/metrics`, { headers })).status).toBe(
      404,
    )
  })

  test('that cannot be read are a 500 without detail, and one line in the log', async () => {
    const metrics = () => Promise.reject(new Error('the detail'))
    const answer = await fetch(`${await open({ metrics })}/metrics`, {
      headers: await bearer('admin'),
    })
    const body = await answer.text()
    expect([answer.status, JSON.parse(body).code]).toEqual([500, 'internal'])
    expect(body).not.toContain('the detail')
    expect(logged.at(-1)).toContain(JSON.parse(body).request_id)
  })
})

test('what is not in the table is not there, whoever asks', async () => {
  const url = await open()
  const headers = await bearer('admin')
  for (const path of ['/', '/v1/nothing', '/metrics/', '/Health', '/health/x', '/__proto__']) {
    const answer = await fetch(url + path, { headers })
    expect([path, answer.status, await codeOf(answer)]).toEqual([path, 404, 'unknown_route'])
  }
  const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x', headers })
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const large = { method: 'POST', body: 'x'.repeat(70_000), headers }
  expect((await fetch(`${url}/metrics`, large)).headers.get('connection')).toBe('close')
})
