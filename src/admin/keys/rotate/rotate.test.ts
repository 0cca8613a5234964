import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../../tests/admin/rig.ts'
import { rotateKey } from './contract.ts'

const HOUR_MS = 3_600_000

let rig: AdminRig
let self: string
beforeAll(async () => {
  rig = await startAdminRig()
  self = (await rig.issue({ owner: 'ada@example.com', scopes: ['self', 'read'] })).key
})
afterAll(() => rig.stop())

const rotate = (id: string, body?: unknown, key = rig.admin) =>
  rig.call('POST', `/v1/keys/${id}/rotate`, { key, body })

async function works(presentedKey: string): Promise<boolean> {
  const check = { presentedKey, address: undefined, requestId: 'r' }
  return (await rig.gate.check(check)).allowed
}

describe('201', () => {
  test('both keys work until the grace period ends, a day from now', async () => {
    const old = await rig.issue({ name: 'laptop', scopes: ['read', 'write'] })
    const { status, json } = await rotate(old.id)
    expect(status).toBe(201)
    const { key, replaced, ...rest } = rotateKey.answer.parse(json)
    expect(rest).toMatchObject({ name: 'laptop', scopes: ['read', 'write'], rotated_from: old.id })
    expect([await works(old.key), await works(key)]).toEqual([true, true])
    const leftMs = Date.parse(replaced.expires_at ?? '') - Date.now()
    expect(leftMs).toBeGreaterThan(23 * HOUR_MS)
    expect(leftMs).toBeLessThanOrEqual(24 * HOUR_MS)
  })

  test.each([[{ grace: '0s' }], [{ grace_ms: 0 }]])('%j ends the old key now', async (body) => {
    const old = await rig.issue()
    const { json } = await rotate(old.id, body)
    expect([await works(old.key), await works(String(json['key']))]).toEqual([false, true])
  })

  test('self rotates a key of its owner that may do no more than itself', async () => {
    const old = await rig.issue({ owner: 'ada@example.com', scopes: ['read'] })
    expect((await rotate(old.id, {}, self)).status).toBe(201)
  })
})

describe('403', () => {
  test('insufficient_scope: a scope that the caller lacks, which is named', async () => {
    const old = await rig.issue({ owner: 'ada@example.com', scopes: ['read', 'write'] })
    const { status, json, headers } = await rotate(old.id, {}, self)
    expect([status, json['code']]).toEqual([403, 'insufficient_scope'])
    expect(headers.get('www-authenticate')).toContain('scope="write"')
    expect(await works(old.key)).toBe(true)
  })

  test('ip_not_allowed: addresses from which the caller may not be used', async () => {
    const allowedAddresses = ['127.0.0.1/32']
    const bound = await rig.issue({ owner: 'ada@example.com', scopes: ['self'], allowedAddresses })
    const anywhere = await rig.issue({ owner: 'ada@example.com', scopes: ['self'] })
    expect((await rotate(anywhere.id, {}, bound.key)).json['code']).toBe('ip_not_allowed')
    expect((await rotate(bound.id, {}, bound.key)).status).toBe(201)
  })
})

test('404 not_found: a key that is not there', async () => {
  expect((await rotate('00000000')).json['code']).toBe('not_found')
})

describe('409', () => {
  test('conflict: a revoked key', async () => {
    const { id } = await rig.issue()
    await rig.gate.keys.revoke(id)
    expect((await rotate(id)).json['code']).toBe('conflict')
  })

  test('conflict: self and a key that was disabled', async () => {
    const { id } = await rig.issue({ owner: 'ada@example.com' })
    await rig.gate.keys.disable(id)
    expect((await rotate(id, {}, self)).json['code']).toBe('conflict')
  })
})

test.each([[{ grace: '1y' }], [{ grace: '1h', grace_ms: 1 }], [{ grace_ms: -1 }]])(
  '422 invalid_field: %j',
  async (body) => {
    const { id } = await rig.issue()
    const { status, json } = await rotate(id, body)
    expect([status, json['code']]).toEqual([422, 'invalid_field'])
  },
)
