import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../../tests/admin/rig.ts'
import { showKey } from './contract.ts'

let rig: AdminRig
beforeAll(async () => {
  rig = await startAdminRig()
})
afterAll(() => rig.stop())

const show = (id: string) => rig.call('GET', `/v1/keys/${id}`, { key: rig.admin })

test('200: what is known of the key, and no hash', async () => {
  const { id, key } = await rig.issue({ owner: 'ada@example.com', name: 'laptop' })
  const { status, json, text } = await show(id)
  expect(status).toBe(200)
  const shown = { key_id: id, owner: 'ada@example.com', name: 'laptop', status: 'active' }
  expect(showKey.answer.parse(json)).toMatchObject({ ...shown, last_used_at: null, requests: 0 })
  expect(text).not.toContain('argon2')
  expect(text).not.toContain(key)
})

test('200: an expired key says that it is', async () => {
  const { id } = await rig.issue({ expiresAtMs: Date.now() + 50 })
  await expect.poll(async () => (await show(id)).json['status']).toBe('expired')
})

describe('404 not_found', () => {
  test.each(['00000000', 'x', 'a%2Fb', '%E2%82%AC', `sk_live_7Hq2mZ9x_${'a'.repeat(49)}`])(
    '%s, which is not repeated',
    async (id) => {
      const { status, json } = await show(id)
      expect([status, json['code']]).toEqual([404, 'not_found'])
      expect(json['message']).toBe('There is no such object.')
    },
  )
})
