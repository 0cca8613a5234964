/**
 * Threat 33: a child stronger than its parent. Whatever sequence of calls a caller with scope `self`
 * makes, with every key that it comes by, none of these may do what the caller's own could not: no
 * scope more, no address more. The operator, who may grant everything, is the documented exception.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminRig, startAdminRig } from '../admin/rig.ts'

const RUNS = 60
const SCOPES = ['read', 'write', 'admin', 'self', 'chat:write'] as const
const ADDRESSES = [[], ['127.0.0.0/8'], ['127.0.0.1'], ['127.0.0.0/8', '192.0.2.0/24']] as const

let rig: AdminRig
beforeAll(async () => {
  rig = await startAdminRig()
})
afterAll(() => rig.stop())

const key = fc.record({
  scopes: fc.uniqueArray(fc.constantFrom(...SCOPES), { minLength: 1 }),
  allowedAddresses: fc.constantFrom(...ADDRESSES),
})
const own = key.map(({ scopes, allowedAddresses }) => ({
  scopes: [...new Set([...scopes.filter((scope) => scope !== 'admin'), 'self'])],
  allowedAddresses,
}))
const step = fc.record({
  what: fc.constantFrom('rotate', 'create', 'enable', 'revoke', 'disable'),
  /** With which of the keys that it holds, about which of those that there are. */
  holder: fc.nat(9),
  target: fc.nat(9),
  body: fc.constantFrom({}, { grace: '1h' }, { scopes: ['admin'] }, { owner: 'ada@example.com' }),
})

test('no sequence of calls gives a caller a key that may do more', {
  timeout: 120_000,
}, async () => {
  const story = fc.record({
    ...{ own, others: fc.array(key, { maxLength: 3 }), steps: fc.array(step, { maxLength: 8 }) },
  })
  let rotated = 0
  await fc.assert(
    fc.asyncProperty(story, async ({ own: mine, others, steps }) => {
      const owner = `${crypto.randomUUID().slice(0, 8)}@example.com`
      const first = await rig.issue({ owner, ...mine })
      const parent = await rig.gate.keys.find(first.id)
      const held = [first.key]
      const ids = [first.id]
      for (const other of others) ids.push((await rig.issue({ owner, ...other })).id)
      for (const { what, holder, target, body } of steps) {
        const id = ids[target % ids.length]
        const path = what === 'create' ? '/v1/keys' : `/v1/keys/${id}/${what}`
        const call = { key: held[holder % held.length] ?? '', body }
        const { json } = await rig.call('POST', path, call)
        if (typeof json['key'] !== 'string') continue
        rotated++
        held.push(json['key'])
        ids.push(String(json['key_id']))
        const child = await rig.gate.keys.find(String(json['key_id']))
        expect(parent.scopes).toEqual(expect.arrayContaining([...child.scopes]))
        expect(reachOf(child.allowedAddresses)).toBeLessThanOrEqual(
          reachOf(parent.allowedAddresses),
        )
        expect(child.owner).toEqual(parent.owner)
      }
    }),
    { numRuns: RUNS },
  )
  expect(rotated).toBeGreaterThan(0)
})

/** The lists above are ordered by what they let in. */
function reachOf(addresses: readonly string[]): number {
  const order = [['127.0.0.1'], ['127.0.0.0/8'], ['127.0.0.0/8', '192.0.2.0/24'], []]
  return order.findIndex((list) => list.join() === addresses.join())
}
