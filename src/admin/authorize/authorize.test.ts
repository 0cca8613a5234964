import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../tests/admin/rig.ts'

let rig: AdminRig
let trusting: AdminRig
beforeAll(async () => {
  rig = await startAdminRig()
  trusting = await startAdminRig({ config: { ip: { trustedProxies: ['127.0.0.1'] } } })
})
afterAll(async () => {
  await rig.stop()
  await trusting.stop()
})

const ask = (key: string, headers: Record<string, string> = {}, from = rig, query = '') =>
  from.call('GET', `/v1/authorize${query}`, { key, headers })

describe('200', () => {
  test('who the client is, in headers and as JSON, and where its limits stand', async () => {
    const { key, id } = await rig.issue({
      owner: 'ada@example.com',
      scopes: ['read', 'chat:write'],
    })
    const { status, headers, json } = await ask(key)
    expect(status).toBe(200)
    expect(json).toEqual({
      ...{ key_id: id, owner: 'ada@example.com', tier: 'open', scopes: ['chat:write', 'read'] },
    })
    expect(headers.get('x-lockgate-key-id')).toBe(id)
    expect(headers.get('x-lockgate-owner')).toBe('ada@example.com')
    expect(headers.get('x-lockgate-tier')).toBe('open')
    expect(headers.get('x-lockgate-scopes')).toBe('chat:write,read')
    expect(headers.get('x-lockgate-request-id')).toMatch(/^req_/)
    expect(headers.get('ratelimit')).toContain('"minute";r=')
  })

  test('the scope that is asked for is the one that is needed', async () => {
    const { key } = await rig.issue({ scopes: ['chat:write'] })
    expect((await ask(key, {}, rig, '?scope=chat:write')).status).toBe(200)
    expect((await ask(key)).json['code']).toBe('insufficient_scope')
  })
})

describe('403 insufficient_scope', () => {
  test.each(['X-Forwarded-Method', 'X-Original-Method'])(
    'a trusted proxy says by %s that the request writes',
    async (name) => {
      const reader = await trusting.issue({ scopes: ['read'] })
      const writer = await trusting.issue({ scopes: ['write'] })
      expect((await ask(reader.key, { [name]: 'POST' }, trusting)).status).toBe(403)
      expect((await ask(writer.key, { [name]: 'POST' }, trusting)).status).toBe(200)
      expect((await ask(reader.key, { [name]: 'HEAD' }, trusting)).status).toBe(200)
    },
  )

  test('anybody else is not believed: the request’s own method counts', async () => {
    const { key } = await rig.issue({ scopes: ['write'] })
    const { status, headers } = await ask(key, { 'X-Forwarded-Method': 'POST' })
    expect(status).toBe(403)
    expect(headers.get('www-authenticate')).toContain('scope="read"')
  })
})

test('401 and 429 are what they are everywhere, in the words of the configuration', async () => {
  const one = { limits: [{ name: 'minute', quota: 1, window: '1m' }] }
  const nested = await startAdminRig({ config: { errors: 'openai', realm: 'x', tiers: { one } } })
  const missing = await nested.call('GET', '/v1/authorize')
  expect(missing.status).toBe(401)
  expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="x"')
  expect(missing.json['error']).toMatchObject({ code: 'missing_key' })
  const { key } = await nested.issue({ tier: 'one' })
  expect((await ask(key, {}, nested)).status).toBe(200)
  const over = await ask(key, {}, nested)
  expect(over.status).toBe(429)
  expect(over.headers.get('retry-after')).toMatch(/^\d+$/)
  const { json } = await nested.call('GET', '/v1/keys')
  expect(json['code']).toBe('missing_key')
  await nested.stop()
})
