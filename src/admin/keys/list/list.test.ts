import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../../tests/admin/rig.ts'
import { listKeys } from './contract.ts'

let rig: AdminRig
let ids: string[]
let self: string
beforeAll(async () => {
  rig = await startAdminRig()
  ids = []
  for (let index = 0; index < 5; index++) {
    const made = await rig.issue({ owner: 'ada@example.com', name: `k${index}`, tier: 'paid' })
    ids.unshift(made.id)
  }
  await rig.issue({ owner: 'bob@example.com' })
  const made = await rig.issue({ owner: 'ada@example.com', scopes: ['self'], tier: 'open' })
  self = made.key
  ids.unshift(made.id)
})
afterAll(() => rig.stop())

async function list(query = '', key = rig.admin) {
  const { status, json } = await rig.call('GET', `/v1/keys${query}`, { key })
  expect(status).toBe(200)
  const { data, next_cursor } = listKeys.answer.parse(json)
  return { ids: data.map(({ key_id }) => key_id), data, next: next_cursor }
}

describe('200', () => {
  test('pages of any size give every key once, newest first', async () => {
    for (const limit of [1, 2, 3, 6, 200]) {
      const seen: string[] = []
      let query = `?owner=ada@example.com&limit=${limit}`
      for (;;) {
        const page = await list(query)
        seen.push(...page.ids)
        expect(page.ids.length).toBeLessThanOrEqual(limit)
        if (page.next === null) break
        query = `?owner=ada@example.com&limit=${limit}&cursor=${page.next}`
      }
      expect(new Set(seen)).toEqual(new Set(ids))
      expect(seen).toHaveLength(ids.length)
    }
  })

  test('filters by owner and tier', async () => {
    expect((await list('?owner=ADA@example.com')).ids).toHaveLength(6)
    expect((await list('?tier=paid')).ids).toHaveLength(5)
    expect((await list('?owner=bob@example.com&tier=paid')).ids).toEqual([])
  })

  test('filters by status, where an expired key is not an active one', async () => {
    const owner = 'states@example.com'
    const [active, disabled, revoked] = [
      await rig.issue({ owner }),
      await rig.issue({ owner }),
      await rig.issue({ owner }),
    ]
    const expired = await rig.issue({ owner, expiresAtMs: Date.now() + 30 })
    await rig.gate.keys.disable(disabled.id)
    await rig.gate.keys.revoke(revoked.id)
    const of = async (status: string) => (await list(`?owner=${owner}&status=${status}`)).ids
    await expect.poll(() => of('expired')).toEqual([expired.id])
    expect(await of('active')).toEqual([active.id])
    expect(await of('disabled')).toEqual([disabled.id])
    expect(await of('revoked')).toEqual([revoked.id])
  })

  test('filters by expiry and by use', async () => {
    const owner = 'uses@example.com'
    const expiresAtMs = Date.parse('2080-01-01T00:00:00Z')
    const [used, unused] = [await rig.issue({ owner }), await rig.issue({ owner, expiresAtMs })]
    await rig.gate.check({ presentedKey: used.key, address: undefined, requestId: 'r' })
    const of = async (filter: string) => (await list(`?owner=${owner}&${filter}`)).ids
    expect((await list(`?owner=${owner}`)).data.at(-1)).toMatchObject({
      ...{ key_id: used.id, requests: 1, last_used_at: expect.stringMatching(/Z$/) },
    })
    expect(await of('expires_before=2080-01-01T00:00:00Z')).toEqual([])
    expect(await of('expires_before=2080-01-01T00:00:00.001Z')).toEqual([unused.id])
    expect(await of('used_since=2020-01-01T00:00:00Z')).toEqual([used.id])
    expect(await of('unused_since=2020-01-01T00:00:00Z')).toEqual([unused.id])
  })

  test('a key that was never used says so', async () => {
    const [first] = (await list('?tier=paid&limit=1')).data
    expect(first).toMatchObject({ last_used_at: null, requests: 0 })
  })

  test('self sees its own owner’s keys and no others, whatever it asks for', async () => {
    expect((await list('', self)).ids).toHaveLength(6)
    expect((await list('?owner=ada@example.com', self)).ids).toHaveLength(6)
    expect((await list('?owner=bob@example.com', self)).ids).toEqual([])
    expect((await list('?owner=ops@example.com', self)).ids).toEqual([])
  })

  test('HEAD is GET without the body', async () => {
    const head = await rig.call('HEAD', '/v1/keys', { key: rig.admin })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
  })
})

describe('400', () => {
  test('invalid_parameter: the cursor of another owner’s key, as one of no key', async () => {
    const foreign = (await list('?owner=bob@example.com')).ids[0]
    const bodies = [foreign, '00000000'].map(async (id) => {
      const cursor = Buffer.from(`key:${id}`).toString('base64url')
      const { status, json } = await rig.call('GET', `/v1/keys?cursor=${cursor}`, { key: self })
      return [status, json['code'], json['message']]
    })
    const [ofBob, ofNobody] = await Promise.all(bodies)
    expect(ofBob).toEqual(ofNobody)
    expect(ofBob?.slice(0, 2)).toEqual([400, 'invalid_parameter'])
  })
})
