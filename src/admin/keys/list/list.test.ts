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
