/**
 * Whatever happened to a key before: a link gives its owner what the key had, and never what an
 * operator took away or time has ended.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, leak, OWNER, PostRig, suspect } from '../../../tests/post/rig.ts'
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import type { Gate, IssueKeyInput } from '../gate.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 100)
const MINUTE_MS = 60_000
const MAX_MINUTES = 60

const inputs = fc.record<Omit<IssueKeyInput, 'expiresAtMs' | 'owner'>>({
  tier: fc.constantFrom('free', 'paid'),
  scopes: fc.uniqueArray(fc.constantFrom('read', 'write', 'admin', 'self'), { minLength: 1 }),
  mode: fc.constantFrom('live', 'test'),
  allowedAddresses: fc.constantFrom([], ['203.0.113.0/24'], ['2001:db8::/32', '198.51.100.7']),
  limitOverrides: fc.constantFrom(
    [],
    [{ name: 'minute', quota: 7, windowMs: MINUTE_MS, algorithm: 'sliding-window' as const }],
  ),
})
const lifetimes = fc.option(fc.integer({ min: 1, max: MAX_MINUTES }))
/** What happens to a key before the last thing does: somebody changes it, or minutes pass. */
const events = fc.array(
  fc.oneof(fc.constantFrom('disable' as const, 'enable' as const), fc.integer({ min: 1, max: 30 })),
  { maxLength: 4 },
)
const lasts = fc.constantFrom('leak' as const, 'warn' as const, 'suspend' as const)

let rig: PostRig
let gate: Gate
beforeAll(async () => {
  rig = new PostRig()
  gate = await rig.open({ config: { ip: false } })
})
afterAll(() => rig.stop())

async function live(keyId: string, happened: readonly (string | number)[]): Promise<void> {
  for (const event of happened) {
    rig.clock.advance(typeof event === 'number' ? event * MINUTE_MS : 1)
    if (event === 'disable') await gate.keys.disable(keyId)
    if (event === 'enable') await gate.keys.enable(keyId)
  }
}

const rightsOf = ({
  owner,
  name,
  tier,
  scopes,
  mode,
  limitOverrides,
  allowedAddresses,
}: KeyRecord) => ({
  ...{ owner, name, tier, scopes, mode, limitOverrides, allowedAddresses },
})

test('a replacement has the rights of its key, and only where the key had any', async () => {
  const scenario = {
    input: inputs,
    lifetime: lifetimes,
    before: events,
    last: lasts,
    after: events,
  }
  await fc.assert(
    fc.asyncProperty(fc.record(scenario), async ({ input, lifetime, before, last, after }) => {
      const bornAtMs = rig.clock.wallMs()
      const expiry = lifetime === null ? {} : { expiresAtMs: bornAtMs + lifetime * MINUTE_MS }
      const { key, record } = await gate.keys.issue({ owner: OWNER, ...input, ...expiry })
      await live(record.keyId, before)
      const atMs = rig.clock.wallMs()
      const hadRights = await works(record.keyId)
      const sent = rig.mailer.taken.length
      const token =
        last === 'leak'
          ? await leak(rig, gate, record.keyId)
          : await suspect(rig, gate, record.keyId, last === 'suspend')
      if (rig.mailer.taken.length === sent || token === '') {
        expect(hadRights).toBe(false)
        return
      }
      if (last !== 'leak') await live(record.keyId, after)
      const mayHave = (await works(record.keyId)) || hadRights
      const taken = last !== 'leak' && (await isDisabledByHand(record.keyId, atMs))
      const replaced = await gate.links.replace(token).catch(() => undefined)
      if (replaced === undefined) return
      expect({ mayHave, taken }).toEqual({ mayHave: true, taken: false })
      expect(rightsOf(replaced.record)).toEqual(rightsOf(record))
      const leftMs = replaced.record.expiresAtMs ?? Number.POSITIVE_INFINITY
      expect(leftMs - rig.clock.wallMs()).toBeLessThanOrEqual(endOf(record) - atMs)
      expect((await ask(gate, key)).allowed).toBe(false)
    }),
    { numRuns: RUNS },
  )
}, 120_000)

const endOf = ({ expiresAtMs }: KeyRecord): number => expiresAtMs ?? Number.POSITIVE_INFINITY
const works = async (keyId: string) =>
  keyStatusAt(await gate.keys.find(keyId), rig.clock.wallMs()) === 'active'

/** Whether the newest change of its state after the suspicion was the operator's, and disabled it. */
async function isDisabledByHand(keyId: string, suspectedAtMs: number): Promise<boolean> {
  const newest = await gate.audit.tail({
    keyId,
    events: ['key.disabled', 'key.enabled'],
    pageSize: 1,
  })
  const row = newest[0]?.row
  return row?.event === 'key.disabled' && row.atMs > suspectedAtMs
}
