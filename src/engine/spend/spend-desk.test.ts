/** What operators ask about spend, and what they change while gates run. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  audited,
  DeskRig,
  denied,
  held,
  issue,
  ledger,
  OWNER,
  type SpendingProcess,
  usage,
  usd,
  used,
} from '../../../tests/spend/desk-rig.ts'
import type { LockgateConfig } from '../../config/index.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import type { SpendDesk } from '../gate.ts'

const CONFIG: LockgateConfig = {
  spend: {
    account: { perDay: '$1' },
    maxOutputTokens: 2_000,
    prices: { 'gpt-4o-mini': { input: 0.15, output: 0.6 } },
  },
  tiers: {
    free: { limits: [], spend: { perDay: '$0.1' } },
    small: { limits: [], maxOutputTokens: 500, models: ['gpt-4o-mini', 'o3*'] },
  },
}
const ACCOUNT: SpendScope = { kind: 'account', id: '' }
const NONE = { perDayMicroUsd: null, perMonthMicroUsd: null, models: null, maxOutputTokens: null }
const perDay = (perDayMicroUsd: number): Omit<SetCaps, 'scope'> => ({ ...NONE, perDayMicroUsd })

let rig: DeskRig
let process: SpendingProcess
let key: string
let keyId: string
beforeEach(async () => {
  rig = new DeskRig()
  process = await rig.open(CONFIG)
  ;({ key, keyId } = await issue(process.gate))
})
afterEach(() => rig.close())

const ofKey = (): SpendScope => ({ kind: 'key', id: keyId })

describe('caps that an operator sets', () => {
  test('go before those of the configuration, at once, until they are taken back', async () => {
    await held(process, key, 100_000)
    await process.desk.setCaps(ofKey(), perDay(150_000), { actor: 'cli', requestId: 'req_7' })
    await rig.pass(1)
    await held(process, key, 50_000)
    expect(await denied(process, key, 1)).toMatchObject({ limitName: 'spend_day' })
    await process.desk.setCaps(ofKey(), perDay(0))
    await process.desk.setCaps(ofKey(), null)
    expect(await denied(process, key, 1)).toMatchObject({ limitName: 'spend_day' })
    expect((await process.desk.caps(keyId))[0]?.status).toMatchObject({
      ...{ cap: { name: 'spend_day', quota: 100_000 }, used: 150_000 },
    })
    expect(await audited(process, 'spend.capped')).toMatchObject([
      {
        ...{ keyId, actor: 'cli', requestId: 'req_7' },
        details: { scope: 'key', id: keyId, per_day_micro_usd: 150_000, per_month_micro_usd: null },
      },
      { actor: 'test', details: { per_day_micro_usd: 0 } },
      { details: { per_day_micro_usd: null } },
    ])
  })

  test('count what was spent while there was none', async () => {
    const { key, keyId } = await issue(process.gate, { tier: 'small', owner: 'bob@example.com' })
    const reservation = await held(process, key, 60_000)
    await process.desk.setCaps({ kind: 'owner', id: 'bob@example.com' }, perDay(70_000))
    await rig.pass(1)
    expect(await denied(process, key, 10_001)).toMatchObject({ limitName: 'owner_spend_day' })
    // Held when nobody counted for the owner, and put right for the owner all the same.
    reservation.settle(usd(20_000), usage(1, 1))
    expect(await used(process, keyId)).toMatchObject({ owner_spend_day: 20_000 })
    await held(process, key, 50_000)
  })

  test('count what was spent since there was none any more', async () => {
    const { key } = await issue(process.gate, { tier: 'small', owner: 'bob@example.com' })
    const bob: SpendScope = { kind: 'owner', id: 'bob@example.com' }
    await process.desk.setCaps(bob, perDay(70_000))
    await held(process, key, 1_000)
    await process.desk.setCaps(bob, null)
    await held(process, key, 60_000)
    await rig.pass(1)
    await process.desk.setCaps(bob, perDay(70_000))
    expect(await denied(process, key, 9_001)).toMatchObject({ limitName: 'owner_spend_day' })
    await held(process, key, 9_000)
  })

  test.each([true, false])('are known to other processes in a second (told: %s)', async (tells) => {
    const other = await rig.open(CONFIG, { tells })
    await held(other, key, 100_000)
    await process.desk.setCaps(ofKey(), perDay(150_000))
    await process.desk.setCaps({ kind: 'tier', id: 'small' }, { ...NONE, models: ['gpt-5'] })
    await rig.pass(1_000)
    await held(other, key, 50_000)
    expect(other.desk.policyOf({ keyId: '00000000', tier: 'small' }).allowsModel('o3')).toBe(false)
  })

  test('are there after a restart', async () => {
    await process.desk.setCaps(ACCOUNT, perDay(10))
    await rig.stop(process)
    const next = await rig.open(CONFIG)
    expect(await denied(next, key, 11)).toMatchObject({ limitName: 'account_spend_day' })
  })

  const nonsense: readonly [string, unknown, unknown][] = [
    ['perDayMicroUsd', ACCOUNT, perDay(-1)],
    ['perMonthMicroUsd', ACCOUNT, { ...NONE, perMonthMicroUsd: 0.5 }],
    ['maxOutputTokens', { kind: 'tier', id: 'free' }, { ...NONE, maxOutputTokens: 0 }],
    ['models', { kind: 'tier', id: 'free' }, { ...NONE, models: ['o3', ''] }],
    ['models', { kind: 'owner', id: OWNER }, { ...NONE, models: ['o3'] }],
    ['scope.kind', { kind: 'world', id: '' }, perDay(1)],
    ['scope.id', { kind: 'tier', id: '' }, perDay(1)],
    ['scope.id', { kind: 'account', id: 'me' }, perDay(1)],
  ]
  test.each(nonsense)('that make no sense are refused by name: %s', async (member, scope, caps) => {
    const set = process.desk.setCaps as (scope: unknown, caps: unknown) => Promise<void>
    await expect(set(scope, caps)).rejects.toMatchObject({
      ...{ code: 'invalid_field', message: expect.stringContaining(member) },
    })
    expect(await audited(process, 'spend.capped')).toEqual([])
  })

  test('of a key that is not there are refused', async () => {
    const nobody: SpendScope = { kind: 'key', id: '00000000' }
    await expect(process.desk.setCaps(nobody, perDay(1))).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(process.desk.reset(nobody)).rejects.toMatchObject({ code: 'not_found' })
    await expect(process.desk.caps('00000000')).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a reset', () => {
  const spendAll = async (): Promise<void> => {
    const reservation = await held(process, key, 100_000)
    reservation.settle(usd(100_000), usage(1, 1))
    await rig.pass(1_000)
    expect(await denied(process, key, 1)).toMatchObject({ limitName: 'spend_day' })
  }

  test('of a key lets it spend again, and the report still tells what it had', async () => {
    await spendAll()
    await process.desk.reset(ofKey(), { actor: 'cli' })
    expect(await used(process, keyId)).toEqual({ spend_day: 0, account_spend_day: 100_000 })
    await held(process, key, 100_000)
    expect(await ledger(process)).toMatchObject({ spent: 100_000, held: 100_000 })
    expect(await audited(process, 'spend.reset')).toMatchObject([
      { keyId, actor: 'cli', details: { scope: 'key', id: keyId } },
    ])
  })

  test.each([true, false])('is known to other processes in a second (told: %s)', async (tells) => {
    const other = await rig.open(CONFIG, { tells })
    await spendAll()
    expect(await denied(other, key, 1)).toMatchObject({ limitName: 'spend_day' })
    await rig.pass(1_000)
    await process.desk.reset(ofKey())
    await rig.pass(1_000)
    await held(other, key, 100_000)
  })

  test('does not touch what calls hold', async () => {
    await held(process, key, 60_000)
    await rig.pass(1_000)
    await process.desk.reset(ofKey())
    expect(await used(process, keyId)).toMatchObject({ spend_day: 60_000 })
  })
})

test('caps tell what is used of each, without a call before', async () => {
  const reservation = await held(process, key, 50_000)
  reservation.settle(usd(20_000), usage(1, 1))
  await held(process, key, 1_000)
  await rig.stop(process)
  const next = await rig.open(CONFIG)
  const views = await next.desk.caps(keyId)
  expect(views).toMatchObject([
    { scope: ofKey(), status: { cap: { name: 'spend_day', quota: 100_000 }, used: 21_000 } },
    { scope: ACCOUNT, status: { cap: { name: 'account_spend_day' }, used: 21_000 } },
  ])
  expect(await next.desk.caps()).toEqual(views.slice(1))
})

test('a report tells what is settled a moment ago', async () => {
  const reservation = await held(process, key, 50_000, { model: 'o3' })
  reservation.settle(usd(20_000), usage(7, 1))
  const report = await process.desk.report({ keyId })
  expect(report.byModel).toMatchObject([{ name: 'o3', requests: 1, microUsd: 20_000 }])
})

describe('a policy', () => {
  const policyOf = (of: SpendDesk, tier: string, id = keyId) => {
    const { maxOutputTokens, isClamped, allowsModel } = of.policyOf({ keyId: id, tier })
    const models = ['gpt-4o-mini', 'o3-mini', 'gpt-5'].filter((model) => allowsModel(model))
    return [maxOutputTokens, isClamped, models.join(' ')]
  }

  test('comes from the tier, or from what holds for all', () => {
    const { desk } = process
    expect(policyOf(desk, 'free')).toEqual([2_000, false, 'gpt-4o-mini o3-mini gpt-5'])
    expect(policyOf(desk, 'small')).toEqual([500, true, 'gpt-4o-mini o3-mini'])
  })

  test('of a key goes before that of its tier', async () => {
    const { desk } = process
    await desk.setCaps({ kind: 'tier', id: 'small' }, { ...NONE, maxOutputTokens: 300 })
    await desk.setCaps(ofKey(), { ...NONE, models: ['gpt-5'] })
    expect(policyOf(desk, 'small')).toEqual([300, true, 'gpt-5'])
    expect(policyOf(desk, 'small', '00000000')).toEqual([300, true, 'gpt-4o-mini o3-mini'])
    await desk.setCaps(ofKey(), null)
    expect(policyOf(desk, 'small')).toEqual([300, true, 'gpt-4o-mini o3-mini'])
  })
})

describe('a price', () => {
  const warnings = () => rig.logged.filter((line) => line.startsWith('a model has no price'))

  test('that nobody knows is that of the dearest model, and said once a model', () => {
    const { priceOf } = process.desk
    for (const model of ['new-one', 'new-one', null, 'x'.repeat(1_000), 'gpt-4o-mini']) {
      expect(priceOf(model).price.outputPicoUsd).toBeGreaterThan(0)
    }
    expect(priceOf('new-one').source).toBe('dearest')
    expect(warnings()).toHaveLength(3)
    expect(warnings().join().length).toBeLessThan(1_000)
  })

  test('is that of the configuration where it names one', async () => {
    const other = await rig.open({ spend: { defaultPrice: { perRequest: 0.0066 } } })
    expect(other.desk.priceOf('new-one').source).toBe('default')
    expect(other.desk.priceOf(null).price.perRequestMicroUsd).toBe(6_600)
    expect(warnings()).toEqual([])
  })
})
