/** The client against a real server: what it is for, and what becomes of refusals. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../tests/admin/rig.ts'
import { createClient, LockgateApiError, type LockgateClient } from './index.ts'

let rig: AdminRig
let client: LockgateClient
beforeAll(async () => {
  rig = await startAdminRig()
  client = createClient({ baseUrl: rig.url, key: rig.admin })
})
afterAll(() => rig.stop())

const refusalOf = (call: Promise<unknown>): Promise<LockgateApiError> =>
  call.then(
    () => expect.unreachable(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(LockgateApiError)
      return error as LockgateApiError
    },
  )

test('a key’s life: create, verify, show, rotate, disable, enable, revoke', async () => {
  const { key, key_id } = await client.keys.create({ owner: 'ada@example.com', scopes: ['write'] })
  expect(await client.verify({ key, scope: 'write' })).toMatchObject({ valid: true, key_id })
  expect(await client.keys.show(key_id)).toMatchObject({ requests: 1, status: 'active' })
  const { replaced, rotated_from } = await client.keys.rotate(key_id, { grace: '1h' })
  expect([replaced.key_id, rotated_from]).toEqual([key_id, key_id])
  expect((await client.keys.disable(key_id)).status).toBe('disabled')
  expect(await client.verify({ key })).toMatchObject({ valid: false, code: 'invalid_key' })
  expect((await client.keys.enable(key_id)).status).toBe('active')
  expect((await client.keys.revoke(key_id)).status).toBe('revoked')
  const { data } = await client.audit.list({ key_id, limit: 2 })
  expect(data.map(({ event }) => event)).toEqual(['key.created', 'key.rotated'])
})

test('all pages come as one sequence, each item once', async () => {
  for (let index = 0; index < 5; index++) await client.keys.create({ owner: 'many@example.com' })
  const seen: string[] = []
  for await (const { key_id } of client.keys.all({ owner: 'many@example.com', limit: 2 })) {
    seen.push(key_id)
  }
  expect(new Set(seen).size).toBe(5)
  const events: string[] = []
  for await (const { event } of client.audit.all({ event: 'key.created', limit: 3 }))
    events.push(event)
  expect(events.length).toBeGreaterThanOrEqual(6)
})

describe('a refusal', () => {
  test('is an error with status, code and request_id', async () => {
    const error = await refusalOf(client.keys.show('00000000'))
    expect(error).toMatchObject({ status: 404, code: 'not_found', retryAfter: undefined })
    expect(error.requestId).toMatch(/^req_/)
    const stranger = createClient({ baseUrl: `${rig.url}/`, key: 'sk_live_wrong' })
    expect(await refusalOf(stranger.keys.list())).toMatchObject({
      status: 401,
      code: 'invalid_key',
    })
  })

  test('of a repeat names the key that there is', async () => {
    const options = { idempotencyKey: crypto.randomUUID() }
    const { key_id } = await client.keys.create({ owner: 'ada@example.com' }, options)
    const error = await refusalOf(client.keys.create({ owner: 'ada@example.com' }, options))
    expect(error.code).toBe('conflict')
    expect(error.message).toContain(key_id)
  })

  test('with a time to wait says how long', async () => {
    const tiers = { one: { limits: [{ name: 'minute', quota: 1, window: '1m' }] } }
    const limited = await startAdminRig({ config: { tiers } })
    const { key } = await limited.issue({ tier: 'one', scopes: ['admin'] })
    const hasty = createClient({ baseUrl: limited.url, key })
    await hasty.keys.list()
    const error = await refusalOf(hasty.keys.list())
    expect(error).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(error.retryAfter).toBeGreaterThanOrEqual(1)
    await limited.stop()
  })

  test('what is no answer of this API is an error too', async () => {
    const page = async () => ({ status: 502, text: async () => '<h1>Bad Gateway</h1>' })
    const behind = createClient({ baseUrl: 'http://x', key: 'k', fetch: page })
    expect(await refusalOf(behind.keys.list())).toMatchObject({
      status: 502,
      code: 'invalid_answer',
    })
    const empty = async () => ({ status: 200, text: async () => '' })
    const other = createClient({ baseUrl: 'http://x', key: 'k', fetch: empty })
    expect(await refusalOf(other.keys.list())).toMatchObject({
      status: 200,
      code: 'invalid_answer',
    })
  })
})

test('the key goes in a header, and along no redirect', async () => {
  const calls: unknown[] = []
  const spy = async (url: string, init: object) => {
    calls.push([url, init])
    return { status: 200, text: async () => '{"data":[],"next_cursor":null}' }
  }
  const spied = createClient({ baseUrl: 'http://x/base/', key: 'secret', fetch: spy })
  await spied.keys.list({ owner: 'a&b@example.com', tier: undefined })
  expect(calls).toEqual([
    [
      'http://x/base/v1/keys?owner=a%26b%40example.com',
      expect.objectContaining({
        redirect: 'error',
        headers: expect.objectContaining({ authorization: 'Bearer secret' }),
      }),
    ],
  ])
})
