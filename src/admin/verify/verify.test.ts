import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../../../tests/admin/rig.ts'
import { LockgateError } from '../../core/errors.ts'
import { verifyKey } from './contract.ts'

let rig: AdminRig
beforeAll(async () => {
  const three = [{ name: 'minute', quota: 3, window: '1m' }]
  rig = await startAdminRig({ config: { tiers: { three: { limits: three } } } })
})
afterAll(() => rig.stop())

async function verify(body: object) {
  const { status, json } = await rig.call('POST', '/v1/verify', { key: rig.admin, body })
  return { status, json: status === 200 ? verifyKey.answer.parse(json) : json }
}

describe('200', () => {
  test('a valid key: whose it is, and where its limits stand', async () => {
    const { key, id } = await rig.issue({ owner: 'ada@example.com', tier: 'three' })
    const { json } = await verify({ key, scope: 'read' })
    expect(json).toMatchObject({ valid: true, key_id: id, owner: 'ada@example.com', mode: 'live' })
    expect(json).toMatchObject({
      limits: [{ name: 'minute', quota: 3, window_ms: 60_000, remaining: 2 }],
    })
  })

  test('it is charged like a request, by its cost', async () => {
    const { key } = await rig.issue({ tier: 'three' })
    expect((await verify({ key, cost: 2 })).json).toMatchObject({ limits: [{ remaining: 1 }] })
    const over = await verify({ key, cost: 2 })
    expect(over.json).toMatchObject({
      valid: false,
      code: 'rate_limited',
      key_id: expect.anything(),
    })
    expect(over.json).toHaveProperty('retry_after', expect.any(Number))
  })

  test('every bad key is invalid_key and nothing more', async () => {
    const { key, id } = await rig.issue()
    await rig.gate.keys.revoke(id)
    const answers = [key, 'nonsense', '', `${key.slice(0, -1)}_`].map((bad) => verify({ key: bad }))
    const bodies = (await Promise.all(answers)).map(({ json }) => JSON.stringify(json))
    expect(new Set(bodies).size).toBe(1)
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ valid: false, code: 'invalid_key' })
  })

  test('a scope that it lacks, an address that it may not be used from', async () => {
    const { key } = await rig.issue({ allowedAddresses: ['203.0.113.0/24'] })
    const code = async (more: object) => (await verify({ key, ...more })).json
    expect(await code({ scope: 'write' })).toMatchObject({ code: 'insufficient_scope' })
    expect(await code({})).toMatchObject({ code: 'ip_not_allowed' })
    expect(await code({ ip: '198.51.100.1' })).toMatchObject({ code: 'ip_not_allowed' })
    expect(await code({ ip: '203.0.113.7' })).toMatchObject({ valid: true })
  })

  test('a cap on requests in flight is not held', async () => {
    const one = { limits: [], maxConcurrent: 1 }
    const capped = await startAdminRig({ config: { tiers: { one } } })
    const { key } = await capped.issue({ tier: 'one' })
    for (let round = 0; round < 3; round++) {
      const { json } = await capped.call('POST', '/v1/verify', { key: capped.admin, body: { key } })
      expect(json['valid']).toBe(true)
    }
    await capped.stop()
  })
})

test('503 auth_unavailable: a failure of ours is never a bad key', async () => {
  const { key } = await rig.issue()
  const check = { presentedKey: rig.admin, address: undefined, requestId: 'r' }
  await rig.gate.check(check)
  const denied = { allowed: false, code: 'auth_unavailable', limits: [] } as const
  const { verifyKeyRoute } = await import('./verify.ts')
  const route = verifyKeyRoute({ ...rig.gate, check: async () => denied })
  const asked = {
    ...{ requestId: 'r', headers: {}, params: {}, query: new URLSearchParams(), body: { key } },
    ...{ address: undefined, caller: await callerOf() },
  }
  expect(await route.handle(asked)).toBe(denied)
})

async function callerOf() {
  const check = { presentedKey: rig.admin, address: undefined, requestId: 'r' }
  const decision = await rig.gate.check(check)
  if (!decision.allowed) throw new LockgateError(decision.code)
  return decision.identity
}
