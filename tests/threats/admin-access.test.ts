/**
 * Threat 31: an endpoint without authorization. Every route of the table is asked with every credential
 * that is weaker than what it needs; the routes that are open to all are listed here, by name.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdminServer } from '../../src/admin/admin-server.ts'
import type { AdminRoute } from '../../src/admin/routes.ts'
import { type AdminRig, startAdminRig } from '../admin/rig.ts'

/** Adding a route here is the decision that everybody may ask it. */
const PUBLIC = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /openapi.json',
  'GET /replace/{token}',
  'POST /replace/{token}',
  'POST /v1/leaks',
  'POST /v1/leaks/github',
]

let rig: AdminRig
let weaker: Record<string, string>
beforeAll(async () => {
  rig = await startAdminRig()
  const issue = async (...scopes: string[]) => (await rig.issue({ scopes })).key
  const revoked = await rig.issue({ scopes: ['admin'] })
  await rig.gate.keys.revoke(revoked.id)
  const disabled = await rig.issue({ scopes: ['admin'] })
  await rig.gate.keys.disable(disabled.id)
  const elsewhere = { scopes: ['admin'], allowedAddresses: ['192.0.2.1'] }
  weaker = {
    revoked: revoked.key,
    disabled: disabled.key,
    elsewhere: (await rig.issue(elsewhere)).key,
    read: await issue('read'),
    write: await issue('read', 'write'),
    lookalike: await issue('admin:read', 'administrator', 'selfish'),
    self: await issue('self'),
  }
})
afterAll(() => rig.stop())

const idOf = ({ method, path }: Pick<AdminRoute, 'method' | 'path'>): string => `${method} ${path}`
async function ask(route: AdminRoute, headers: Record<string, string>, query = '') {
  const path = route.path.replace(/\{\w+\}/, '7Hq2mZ9x') + query
  const { status, json } = await rig.call(route.method, path, {
    headers,
    ...(route.method === 'POST' ? { body: {} } : {}),
  })
  return { status, code: json['code'] }
}

const bearer = (key: string | undefined) => ({ authorization: `Bearer ${key}` })

test('what is open to all is what is listed, and no more', () => {
  const open = rig.routes.filter(({ access }) => access === 'public')
  expect(PUBLIC).toEqual(expect.arrayContaining(open.map(idOf)))
})

describe('every other route refuses', () => {
  const closed = () => rig.routes.filter(({ access }) => access !== 'public')

  test('no credential, one that is malformed, wrong, or in the URL', async () => {
    expect(closed().length).toBeGreaterThanOrEqual(11)
    for (const route of closed()) {
      const name = idOf(route)
      expect([name, await ask(route, {})]).toEqual([name, { status: 401, code: 'missing_key' }])
      const basic = { authorization: 'Basic YTpi' }
      expect([name, await ask(route, basic)]).toEqual([name, { status: 401, code: 'missing_key' }])
      const malformed = await ask(route, { authorization: 'Bearer a b' })
      expect([name, malformed.code]).toEqual([name, 'malformed_authorization'])
      const wrong = `${rig.admin.slice(0, -1)}${rig.admin.endsWith('a') ? 'b' : 'a'}`
      const invalid = { status: 401, code: 'invalid_key' }
      expect([name, await ask(route, bearer(wrong))]).toEqual([name, invalid])
      const inUrl = await ask(route, {}, `?api_key=${rig.admin}`)
      expect([name, inUrl]).toEqual([name, { status: 400, code: 'key_in_url' }])
    }
  })

  test('a key that has ended, and one that is used from elsewhere', async () => {
    for (const route of closed()) {
      const name = idOf(route)
      for (const kind of ['revoked', 'disabled']) {
        const refused = { status: 401, code: 'invalid_key' }
        expect([name, await ask(route, bearer(weaker[kind]))]).toEqual([name, refused])
      }
      const { status } = await ask(route, bearer(weaker['elsewhere']))
      expect([name, status]).toEqual([name, 403])
    }
  })

  test('keys without the scope: read, write, look-alikes, and self where the operator is needed', async () => {
    const forbidden = { status: 403, code: 'insufficient_scope' }
    for (const route of closed().filter(({ access }) => access !== 'client')) {
      const kinds = ['read', 'write', 'lookalike', ...(route.access === 'admin' ? ['self'] : [])]
      for (const kind of kinds) {
        const asked = await ask(route, bearer(weaker[kind]))
        expect([idOf(route), kind, asked]).toEqual([idOf(route), kind, forbidden])
      }
    }
  })

  test('everybody, where nobody can check a key', async () => {
    const { log } = rig.gate
    const health = { health: () => rig.gate.health(), isDraining: () => false, version: '1' }
    const metrics = async () => ({ contentType: 'text/plain', body: '' })
    const server = createAdminServer({ ...health, log, metrics, publicUrl: rig.url })
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
    for (const route of closed()) {
      const path = route.path.replace(/\{\w+\}/, '7Hq2mZ9x')
      const headers = bearer(rig.admin)
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`, {
        ...{ method: route.method, headers },
      })
      expect([404, 503]).toContain(status)
    }
    await server.close()
  })
})

test('self reaches exactly four routes', () => {
  const own = rig.routes.filter(({ access }) => access === 'self')
  expect(own.map(idOf).sort()).toEqual([
    'GET /v1/keys',
    'GET /v1/keys/{id}',
    'POST /v1/keys/{id}/revoke',
    'POST /v1/keys/{id}/rotate',
  ])
})
