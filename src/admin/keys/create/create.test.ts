import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../../tests/admin/rig.ts'
import { createKey } from './contract.ts'

let rig: AdminRig
beforeAll(async () => {
  rig = await startAdminRig()
})
afterAll(() => rig.stop())

const create = (body: unknown, headers: Record<string, string> = {}) =>
  rig.call('POST', '/v1/keys', { key: rig.admin, body, headers })

describe('201', () => {
  test('the key is shown once, works, and has what was asked for', async () => {
    const expires_at = '2090-01-31T12:00:00.000Z'
    const { status, json, headers } = await create({
      ...{ owner: 'ada@example.com', owner_external_id: 'u1', tier: 'paid', name: 'laptop' },
      ...{ scopes: ['write', 'read'], mode: 'test', expires_at },
      allowed_addresses: ['203.0.113.0/24'],
      limits: [{ name: 'minute', quota: 7, window: '1m', burst: { extra: 1, for: '10s' } }],
    })
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('ratelimit-policy')).toContain('minute')
    const { key, ...rest } = createKey.answer.parse(json)
    expect(rest).toEqual({
      ...{ key_id: expect.any(String), owner: 'ada@example.com', owner_external_id: 'u1' },
      ...{ name: 'laptop', tier: 'paid', scopes: ['read', 'write'], mode: 'test' },
      ...{ status: 'active', created_at: expect.any(String), expires_at, revoked_at: null },
      ...{ rotated_from: null, allowed_addresses: ['203.0.113.0/24'] },
      limits: [
        {
          ...{ name: 'minute', quota: 7, window_ms: 60_000, algorithm: 'sliding-window' },
          burst: { extra_quota: 7, duration_ms: 10_000 },
        },
      ],
    })
    const verified = await rig.gate.check({ presentedKey: key, address: undefined, requestId: 'r' })
    expect(verified).toMatchObject({ code: 'ip_not_allowed' })
    const shown = await rig.call('GET', `/v1/keys/${rest.key_id}`, { key: rig.admin })
    expect(shown.text).not.toContain(key.slice(-49))
  })

  test('defaults: free, read, live, for ever; null is as good as nothing', async () => {
    const none = { name: null, expires_at: null, owner_external_id: null }
    const { json } = await create({ owner: 'ada@example.com', ...none })
    expect(json).toMatchObject({ tier: 'free', scopes: ['read'], mode: 'live', expires_at: null })
  })

  test('the audit log names the operator’s key, address and request', async () => {
    const { json } = await create({ owner: 'ada@example.com' })
    const [found] = await rig.gate.audit.tail({ keyId: String(json['key_id']) })
    const operator = rig.admin.split('_')[2]
    expect(found?.row).toMatchObject({
      event: 'key.created',
      actor: operator,
      address: '127.0.0.1',
    })
    expect(found?.row.requestId).toMatch(/^req_/)
  })

  test('the operator may grant every scope, self and admin too', async () => {
    const { status, json } = await create({ owner: 'b@example.com', scopes: ['self', 'admin'] })
    expect([status, json['scopes']]).toEqual([201, ['admin', 'self']])
  })
})

describe('409', () => {
  test('conflict: a repeat makes no second key and names the first', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const body = { owner: 'once@example.com', scopes: ['read', 'write'] }
    const first = await create(body, headers)
    expect(first.status).toBe(201)
    const again = await create({ scopes: ['write', 'read'], owner: 'once@example.com' }, headers)
    expect([again.status, again.json['code']]).toEqual([409, 'conflict'])
    expect(again.json['message']).toContain(first.json['key_id'])
    expect(again.text).not.toContain(String(first.json['key']))
    expect(await rig.gate.keys.list({ ownerEmail: 'once@example.com' })).toHaveLength(1)
  })

  test('idempotency_conflict: the same header for something else', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    await create({ owner: 'ada@example.com' }, headers)
    const other = await create({ owner: 'eve@example.com' }, headers)
    expect([other.status, other.json['code']]).toEqual([409, 'idempotency_conflict'])
  })
})

describe('422', () => {
  test.each([
    [{ tier: 'gold' }, 'gold'],
    [{ scopes: [] }, 'scope'],
    [{ scopes: ['Admin'] }, 'Admin'],
    [{ name: 'a\r\nBcc: x' }, 'name'],
    [{ allowed_addresses: ['1.2.3.4/33'] }, '1.2.3.4/33'],
    [{ limits: [{ name: 'a', quota: 1, window: '1m', burst: { extra: -1, for: '1s' } }] }, 'burst'],
  ])('invalid_field: %j', async (members, named) => {
    const { status, json } = await create({ owner: 'ada@example.com', ...members })
    expect([status, json['code']]).toEqual([422, 'invalid_field'])
    expect(json['message']).toContain(named)
  })

  test('invalid_field: an Idempotency-Key that is none', async () => {
    const { json } = await create({ owner: 'ada@example.com' }, { 'idempotency-key': 'a b' })
    expect(json['code']).toBe('invalid_field')
  })
})
