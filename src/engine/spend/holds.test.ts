/** Calls that cost money are held against every cap before they are made, and are in the ledger. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  audited,
  DeskRig,
  denied,
  held,
  issue,
  ledger,
  OWNER,
  type SpendingProcess,
  spend,
  turns,
  usage,
  usd,
  used,
} from '../../../tests/spend/desk-rig.ts'
import type { LockgateConfig } from '../../config/index.ts'

const MINUTE = [{ name: 'minute', quota: 100_000, window: '1m' }] as const
const CONFIG: LockgateConfig = {
  spend: { account: { perDay: '$1' }, owner: { perDay: '$0.5' } },
  tiers: {
    free: {
      limits: MINUTE,
      spend: { perDay: '$0.1', perMonth: '$0.2', together: { perDay: '$0.8' } },
      tokens: { perMinute: 1_000 },
    },
    open: { limits: MINUTE },
    few: { limits: [{ name: 'minute', quota: 2, window: '1m' }], models: ['gpt-4o*', 'o3'] },
  },
}

let rig: DeskRig
let process: SpendingProcess
beforeEach(async () => {
  rig = new DeskRig()
  process = await rig.open(CONFIG)
})
afterEach(() => rig.close())

test('of 1,000 calls at once exactly those are allowed that fit the cap', async () => {
  const { key, keyId } = await issue(process.gate)
  const calls = Array.from({ length: 1_000 }, () => spend(process, key, 10_000))
  const decisions = await Promise.all(calls)
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10)
  expect(await used(process, keyId)).toEqual({
    ...{ spend_day: 100_000, spend_month: 100_000, tokens_minute: 0, owner_spend_day: 100_000 },
    ...{ tier_spend_day: 100_000, account_spend_day: 100_000 },
  })
  expect(await ledger(process)).toEqual({ spent: 0, held: 100_000, requests: 0 })
})

test('all that comes in one turn is one write to the ledger', async () => {
  const { key } = await issue(process.gate)
  await held(process, key, 1)
  process.line.calls.clear()
  await Promise.all(Array.from({ length: 50 }, () => held(process, key, 100)))
  expect(process.line.calls.get('openSpend')).toBe(1)
})

test('callers who find nothing counted share one read of each scope', async () => {
  const { key } = await issue(process.gate)
  await Promise.all(Array.from({ length: 50 }, () => held(process, key, 100)))
  expect(process.line.calls.get('seedSpend')).toBe(4)
})

test('a check that costs nothing asks the ledger nothing', async () => {
  const { key } = await issue(process.gate)
  const { gate, line } = process
  await gate.check({ presentedKey: key, address: undefined, requestId: 'req_1' })
  line.calls.clear()
  const decision = gate.check({ presentedKey: key, address: undefined, requestId: 'req_1' })
  expect(decision).not.toBeInstanceOf(Promise)
  expect(decision).toEqual({
    ...{ allowed: true, mustSettle: false, identity: expect.anything() },
    ...{ limits: expect.anything(), receipt: expect.anything() },
  })
  expect([...line.calls.keys()]).toEqual([])
})

describe('a cap that is reached', () => {
  test('says which, until when, and is in the audit log as one row for many', async () => {
    const { key, keyId } = await issue(process.gate)
    await held(process, key, 60_000)
    await rig.skip(3_600_000)
    await held(process, key, 40_000)
    await rig.pass(1_000)
    const refusal = await denied(process, key, 1)
    expect(refusal).toMatchObject({ code: 'spend_exceeded', limitName: 'spend_day', keyId })
    const waitMs = (refusal.retryAfterSeconds ?? 0) * 1_000
    expect(waitMs).toBeGreaterThan(82_799_000 - 1_000)
    expect(waitMs).toBeLessThan(82_799_000 + 61_000)
    await denied(process, key, 1)
    expect(await audited(process, 'spend.exceeded')).toMatchObject([
      { keyId, details: { limit: 'spend_day' }, count: 2 },
    ])
    await rig.skip(waitMs)
    await held(process, key, 1)
  })

  test.each([
    ['owner_spend_day', 500_000, OWNER, OWNER],
    ['tier_spend_day', 800_000, 'one@example.com', 'two@example.com'],
  ])('%s is one for all that share it', async (limitName, quota, first, second) => {
    let left = quota
    for (let keys = 0; left > 0; keys += 1) {
      const owner = keys % 2 === 0 ? first : second
      const { key } = await issue(process.gate, { owner })
      await held(process, key, Math.min(left, 100_000))
      left -= 100_000
    }
    const { key } = await issue(process.gate, { owner: first })
    expect(await denied(process, key, 1)).toMatchObject({ code: 'spend_exceeded', limitName })
  })

  test('of tokens is a rate limit', async () => {
    const { key } = await issue(process.gate)
    await held(process, key, 0, { tokens: 1_000 })
    const refusal = await denied(process, key, 0, { tokens: 1 })
    expect(refusal).toMatchObject({ code: 'rate_limited', limitName: 'tokens_minute' })
    expect(await audited(process, 'limit.exceeded')).toHaveLength(1)
    expect(await audited(process, 'spend.exceeded')).toHaveLength(0)
    await rig.skip((refusal.retryAfterSeconds ?? 0) * 1_000)
    await held(process, key, 0, { tokens: 1_000 })
  })

  test('charges no limit, and what a limit refuses is not held', async () => {
    const { key, keyId } = await issue(process.gate, { tier: 'few' })
    expect((await denied(process, key, 2_000_000)).limitName).toBe('owner_spend_day')
    await held(process, key, 100)
    await held(process, key, 100)
    expect((await denied(process, key, 100)).limitName).toBe('minute')
    expect((await used(process, keyId))['owner_spend_day']).toBe(200)
    expect(await ledger(process)).toMatchObject({ held: 200 })
  })
})

test('a key without any cap of its own, an owner’s or everybody’s is in the ledger all the same', async () => {
  const free = await rig.open({ spend: {}, tiers: { free: { limits: MINUTE } } })
  const { key } = await issue(free.gate)
  const reservation = await held(free, key, 5_000_000)
  reservation.settle(usd(1_234, 30), usage(20, 10))
  expect(await ledger(free)).toEqual({ spent: 1_234, held: 0, requests: 1 })
})

test('a model that the key may not ask for is refused before anything is charged', async () => {
  const { key, keyId } = await issue(process.gate, { tier: 'few' })
  for (const model of ['gpt-4', 'o3-mini']) {
    expect(await denied(process, key, 1, { model })).toMatchObject({
      code: 'model_not_allowed',
      keyId,
    })
  }
  for (const model of ['gpt-4o-mini', 'o3']) await held(process, key, 1, { model })
})

test('an amount that is no whole number is an error of the caller, and charges nothing', async () => {
  const { key } = await issue(process.gate)
  for (const amount of [0.5, -1, Number.NaN]) {
    expect((await denied(process, key, amount)).code).toBe('invalid_field')
  }
  expect(await ledger(process)).toEqual({ spent: 0, held: 0, requests: 0 })
})

describe('without the ledger nothing is spent', () => {
  test('where it fails, the call is refused and everything is given back', async () => {
    const { key, keyId } = await issue(process.gate, { tier: 'few' })
    await held(process, key, 100)
    process.line.faults.set('openSpend', 'failing')
    for (let calls = 0; calls < 3; calls += 1) {
      expect(await denied(process, key, 100)).toMatchObject({
        ...{ code: 'limiter_unavailable', retryAfterSeconds: 1 },
      })
    }
    expect(rig.logged.filter((line) => line.startsWith('the ledger failed'))).toHaveLength(1)
    process.line.faults.clear()
    expect((await used(process, keyId))['owner_spend_day']).toBe(100)
    // Of two a minute, one was left.
    await held(process, key, 100)
  })

  test('where its answer is lost, what was written is given back', async () => {
    const { key, keyId } = await issue(process.gate)
    process.line.faults.set('openSpend', 'lost')
    expect((await denied(process, key, 100)).code).toBe('limiter_unavailable')
    process.line.faults.clear()
    await rig.pass(1_000)
    expect(await ledger(process)).toEqual({ spent: 0, held: 0, requests: 0 })
    expect((await used(process, keyId))['spend_day']).toBe(0)
  })

  test('where it is slow, nobody waits, and what is written after all is given back', async () => {
    const { key, keyId } = await issue(process.gate)
    await held(process, key, 100)
    process.line.faults.set('openSpend', 'slow')
    const refused = denied(process, key, 700)
    await turns()
    const behind = denied(process, key, 700)
    await rig.pass(500)
    await turns()
    expect((await refused).code).toBe('limiter_unavailable')
    expect((await behind).code).toBe('limiter_unavailable')
    process.line.faults.clear()
    await held(process, key, 100)
    process.line.release()
    await turns()
    await rig.pass(1_000)
    expect((await used(process, keyId))['spend_day']).toBe(200)
    expect(await ledger(process)).toMatchObject({ spent: 0, held: 200 })
  })

  test('where it cannot be read, nothing is believed', async () => {
    process.line.faults.set('seedSpend', 'failing')
    const { key } = await issue(process.gate)
    expect((await denied(process, key, 1)).code).toBe('limiter_unavailable')
    process.line.faults.clear()
    await held(process, key, 1)
  })
})

test('a revoked key holds nothing', async () => {
  const { key, keyId } = await issue(process.gate)
  await held(process, key, 1)
  await process.gate.keys.revoke(keyId)
  expect((await denied(process, key, 1)).code).toBe('invalid_key')
  const answer = await process.desk.reserve({ keyId }, { model: null, amount: usd(1) }, 'req_2')
  expect(answer).toMatchObject({ allowed: false, code: 'invalid_key' })
})

test('money is held without a check, too, and refused as in one', async () => {
  const { keyId } = await issue(process.gate)
  const reserve = (microUsd: number, model: string | null = null) =>
    process.desk.reserve({ keyId }, { model, amount: usd(microUsd) }, 'req_3')
  const first = await reserve(100_000)
  expect(first).toMatchObject({ held: usd(100_000) })
  expect(await reserve(1)).toMatchObject({ code: 'spend_exceeded', limitName: 'spend_day', keyId })
  expect(await audited(process, 'spend.exceeded')).toMatchObject([{ keyId, requestId: 'req_3' }])
  vi.useRealTimers()
  await process.gate.close()
  expect(await reserve(1)).toMatchObject({ code: 'overloaded' })
})
