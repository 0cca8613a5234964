/**
 * Threat 32: another owner's object. Every route with two owners: what self gets for a key of somebody
 * else is, byte for byte, what it gets for one that is not there, and nothing happens to it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../admin/rig.ts'

let rig: AdminRig
let ada: { readonly key: string; readonly id: string }
let bob: { readonly key: string; readonly id: string }
beforeAll(async () => {
  rig = await startAdminRig()
  ada = await rig.issue({ owner: 'ada@example.com', scopes: ['self', 'read'] })
  bob = await rig.issue({
    owner: 'bob@example.com',
    name: 'secret plans',
    scopes: ['self', 'read'],
  })
})
afterAll(() => rig.stop())

/** The answer but for what differs between any two. */
async function answerFor(method: string, path: string, id: string) {
  const { status, headers, text } = await rig.call(method, path.replace('{id}', id), {
    key: ada.key,
    ...(method === 'POST' ? { body: {} } : {}),
  })
  const shown = [...headers].filter(([name]) => name !== 'date' && name !== 'ratelimit')
  return { status, shown, text: text.replace(/"request_id":"\w+"/, '') }
}

test('a foreign key is a missing key, on every route that takes one', async () => {
  const { gate } = rig
  const taking = rig.routes.filter(({ path }) => path.includes('{id}'))
  expect(taking.length).toBeGreaterThanOrEqual(5)
  const before = await gate.keys.find(bob.id)
  for (const { method, path, access } of taking) {
    const foreign = await answerFor(method, path, bob.id)
    const missing = await answerFor(method, path, '00000000')
    expect([path, foreign]).toEqual([path, missing])
    expect([path, foreign.status]).toEqual([path, access === 'self' ? 404 : 403])
  }
  expect(await gate.keys.find(bob.id)).toEqual(before)
})

test('the list shows no other owner’s key, by no filter', async () => {
  const filters = ['', '?owner=bob@example.com', '?tier=open', '?status=active', '?limit=200']
  for (const filter of filters) {
    const { text, status } = await rig.call('GET', `/v1/keys${filter}`, { key: ada.key })
    expect(status).toBe(200)
    expect(text).not.toContain(bob.id)
    expect(text).not.toContain('bob@example.com')
  }
})

test('an owner whose address only looks alike is another owner', async () => {
  for (const owner of ['ada@example.co', 'ada@example.com.evil.example', 'xada@example.com']) {
    const { id } = await rig.issue({ owner })
    expect((await rig.call('GET', `/v1/keys/${id}`, { key: ada.key })).status).toBe(404)
  }
})
