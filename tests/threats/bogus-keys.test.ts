/** What an invented key costs: SQL in it reaches no database, and no flood of them buys hashes. */
import * as argon2 from '@node-rs/argon2'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createKeyFormat } from '../../src/core/key/format.ts'
import { withAnotherSecret } from './keys.ts'
import { type ObservedGate, openObservedGate } from './observed-gate.ts'

vi.mock('@node-rs/argon2', { spy: true })

const HOSTILE_KEYS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 20_000)
const OWNER = 'ada@example.com'
const ADDRESS = '203.0.113.7'
const format = createKeyFormat('sk')
const hashRuns = (): number => vi.mocked(argon2.verify).mock.calls.length

const INJECTIONS = [
  "' OR '1'='1",
  "sk_live_'; DROP TABLE keys;--",
  "sk_live_' UNION SELECT key_id, secret_hash FROM keys--",
  'sk_live_$1',
  'sk_live_%',
  'sk_live_\0',
  "sk_live_\"; ATTACH DATABASE '/tmp/x' AS x;",
]

/** `key` with one character of any part replaced, so that its checksum no longer fits. */
const damaged = (key: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(key.length - 1), fc.constantFrom(...'0aZ\'";%\\_- \0é'))
    .map(([at, character]) => key.slice(0, at) + character + key.slice(at + 1))
    .filter((text) => text !== key)

let observed: ObservedGate
let goodKey: string
let goodId: string
beforeEach(async () => {
  observed = await openObservedGate({ ip: { failures: { quota: 1_000_000, window: '1m' } } })
  const { key, record } = await observed.gate.keys.issue({ owner: OWNER })
  goodKey = key
  goodId = record.keyId
  observed.forget()
  vi.mocked(argon2.verify).mockClear()
})
afterEach(() => observed.gate.close())

const spent = () => ({ storeCalls: observed.storeCalls(), hashes: hashRuns() })
const ask = async (presentedKey: string, address?: string) =>
  observed.gate.check({ presentedKey, address, requestId: 'req_test' })

test(`${HOSTILE_KEYS} hostile keys: no store call, no hash, no exception`, async () => {
  const hostile = fc.oneof(
    fc.constantFrom(...INJECTIONS),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(...INJECTIONS).map((text) => format.generate('live').key + text),
    fc.constantFrom(...INJECTIONS).map((text) => text.padEnd(goodKey.length, 'a')),
    damaged(goodKey),
  )
  for (const key of fc.sample(hostile, HOSTILE_KEYS)) {
    const decision = await ask(key)
    if (decision.allowed || decision.code !== 'invalid_key') throw new Error(key)
  }
  expect(spent()).toEqual({ storeCalls: 0, hashes: 0 })
})

describe('keys whose checksum fits', () => {
  test('cost one query and no hash while nobody has them', async () => {
    const { key } = format.generate('live')
    for (let i = 0; i < 100; i++) expect((await ask(key)).allowed).toBe(false)
    expect(spent()).toEqual({ storeCalls: 1, hashes: 0 })
  })

  test('cost one hash where there is one, however often it is used', async () => {
    for (let i = 0; i < 50; i++) expect((await ask(goodKey)).allowed).toBe(true)
    expect(spent()).toEqual({ storeCalls: 0, hashes: 1 })
  })

  test('cost neither once the right secret of their key_id is known', async () => {
    await ask(goodKey)
    for (let i = 0; i < 100; i++) {
      expect(await ask(withAnotherSecret(goodId))).toMatchObject({ code: 'invalid_key' })
    }
    expect(spent()).toEqual({ storeCalls: 0, hashes: 1 })
  })

  test.each(['revoke', 'disable'] as const)('cost no hash after %s', async (change) => {
    await observed.gate.keys[change](goodId)
    for (let i = 0; i < 20; i++) {
      expect(await ask(withAnotherSecret(goodId))).toMatchObject({ code: 'invalid_key' })
    }
    expect(hashRuns()).toBe(0)
  })

  test('cost no hash after the key expired', async () => {
    const expiresAtMs = observed.clock.wallMs() + 1000
    const { record } = await observed.gate.keys.issue({ owner: OWNER, expiresAtMs })
    observed.clock.advance(1000)
    expect(await ask(withAnotherSecret(record.keyId))).toMatchObject({ code: 'invalid_key' })
    expect(hashRuns()).toBe(0)
  })
})

test('an address that guessed too often costs neither a query nor a hash', async () => {
  const { gate } = observed
  observed = await openObservedGate({ ip: { failures: { quota: 3, window: '1m' } } })
  await gate.close()
  const { record } = await observed.gate.keys.issue({ owner: OWNER })
  for (let i = 0; i < 3; i++) await ask('nonsense', ADDRESS)
  observed.forget()
  for (let i = 0; i < 50; i++) {
    const guess = withAnotherSecret(record.keyId)
    expect(await ask(guess, ADDRESS)).toMatchObject({ code: 'too_many_failures' })
  }
  expect(spent()).toEqual({ storeCalls: 0, hashes: 0 })
})
