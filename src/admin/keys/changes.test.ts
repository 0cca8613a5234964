/** Revoke, disable, enable: one change of one key each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../tests/admin/rig.ts'
import { keyInfo } from './key-json.ts'

let rig: AdminRig
beforeAll(async () => {
  rig = await startAdminRig()
})
afterAll(() => rig.stop())

const change = (id: string, what: string, key = rig.admin) =>
  rig.call('POST', `/v1/keys/${id}/${what}`, { key })

async function works(presentedKey: string): Promise<boolean> {
  const check = { presentedKey, address: undefined, requestId: 'r' }
  return (await rig.gate.check(check)).allowed
}

describe('200', () => {
  test('revoke ends a key at once; again changes nothing', async () => {
    const { id, key } = await rig.issue()
    expect(await works(key)).toBe(true)
    const first = await change(id, 'revoke')
    expect(first.status).toBe(200)
    expect(keyInfo.parse(first.json)).toMatchObject({ key_id: id, status: 'revoked' })
    expect(await works(key)).toBe(false)
    expect((await change(id, 'revoke')).json).toEqual(first.json)
    const rows = await rig.gate.audit.tail({ keyId: id, event: 'key.revoked' })
    expect(rows.map(({ row }) => row.actor)).toEqual([rig.admin.split('_')[2]])
  })

  test('disable and enable', async () => {
    const { id, key } = await rig.issue()
    expect((await change(id, 'disable')).json['status']).toBe('disabled')
    expect(await works(key)).toBe(false)
    expect((await change(id, 'enable')).json['status']).toBe('active')
    expect(await works(key)).toBe(true)
  })

  test('an empty object does as well as no body', async () => {
    const { id } = await rig.issue()
    const call = { key: rig.admin, body: {} }
    expect((await rig.call('POST', `/v1/keys/${id}/revoke`, call)).status).toBe(200)
  })

  test('self revokes the keys of its owner, itself included', async () => {
    const self = await rig.issue({ owner: 'ada@example.com', scopes: ['self'] })
    const other = await rig.issue({ owner: 'ada@example.com', scopes: ['write'] })
    expect((await change(other.id, 'revoke', self.key)).status).toBe(200)
    expect((await change(self.id, 'revoke', self.key)).status).toBe(200)
    expect((await change(self.id, 'revoke', self.key)).json['code']).toBe('invalid_key')
  })
})

test.each(['disable', 'enable'])('403 insufficient_scope: %s is not for self', async (what) => {
  const self = await rig.issue({ owner: 'ada@example.com', scopes: ['self'] })
  const { status, json } = await change(self.id, what, self.key)
  expect([status, json['code']]).toEqual([403, 'insufficient_scope'])
})

test.each(['revoke', 'disable', 'enable'])('404 not_found: %s', async (what) => {
  expect((await change('00000000', what)).json['code']).toBe('not_found')
})

test.each(['disable', 'enable'])('409 conflict: %s of a revoked key', async (what) => {
  const { id } = await rig.issue()
  await change(id, 'revoke')
  const { status, json } = await change(id, what)
  expect([status, json['code']]).toEqual([409, 'conflict'])
})
