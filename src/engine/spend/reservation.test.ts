/** What a call has cost takes the place of what was held, once, however often it was extended. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  DeskRig,
  denied,
  held,
  issue,
  ledger,
  type SpendingProcess,
  spend,
  turns,
  usage,
  usd,
  used,
} from '../../../tests/spend/desk-rig.ts'
import { NO_USAGE } from '../../core/spend/amount.ts'

const SETTLED_MS = 50

let rig: DeskRig
let process: SpendingProcess
let key: string
let keyId: string
beforeEach(async () => {
  rig = new DeskRig()
  process = await rig.open({
    spend: { account: { perDay: '$1' } },
    tiers: {
      free: {
        limits: [{ name: 'minute', quota: 10_000, window: '1m' }],
        spend: { perDay: '$0.1' },
      },
    },
  })
  ;({ key, keyId } = await issue(process.gate))
})
afterEach(() => rig.close())

const spentByKey = async () => (await used(process, keyId))['spend_day']

test('a cost is counted at once, and in the ledger a little later', async () => {
  const reservation = await held(process, key, 100_000)
  expect(reservation.held).toEqual(usd(100_000))
  reservation.settle(usd(40_000, 300), usage(200, 100))
  reservation.settle(usd(1), NO_USAGE)
  reservation.abandon()
  expect(await spentByKey()).toBe(40_000)
  await held(process, key, 60_000)
  await rig.pass(SETTLED_MS)
  const { total } = await process.store.reportSpend({})
  expect(total).toMatchObject({ requests: 1, microUsd: 40_000, usage: usage(200, 100) })
})

test('many costs of a moment are one write', async () => {
  const reservations = await Promise.all(
    Array.from({ length: 40 }, () => held(process, key, 1_000)),
  )
  for (const reservation of reservations) reservation.settle(usd(10), NO_USAGE)
  process.line.calls.clear()
  await rig.pass(SETTLED_MS)
  expect(process.line.calls.get('settleSpend')).toBe(1)
  expect(await ledger(process)).toEqual({ spent: 400, held: 0, requests: 40 })
})

test('a cost above what was held is counted, even above the cap', async () => {
  const reservation = await held(process, key, 60_000)
  reservation.settle(usd(150_000), NO_USAGE)
  expect(await spentByKey()).toBe(150_000)
  expect((await denied(process, key, 1)).limitName).toBe('spend_day')
})

test('a cost that is no whole number is a bug that does not make the call free', async () => {
  const reservation = await held(process, key, 60_000)
  reservation.settle(usd(Number.NaN), NO_USAGE)
  expect(await spentByKey()).toBe(60_000)
  expect(rig.logged.join()).toContain('a cost must be whole')
})

describe('an extension', () => {
  test('holds more while it fits, charges no request, and is one request with its call', async () => {
    const reservation = await held(process, key, 60_000)
    expect(await reservation.extend(usd(30_000))).toBe(true)
    expect(await reservation.extend(usd(30_000))).toBe(false)
    expect(reservation.held).toEqual(usd(90_000))
    expect(await ledger(process)).toMatchObject({ held: 90_000 })
    reservation.settle(usd(75_000, 10), usage(5, 5))
    expect(await spentByKey()).toBe(75_000)
    expect(await ledger(process)).toEqual({ spent: 75_000, held: 0, requests: 1 })
    expect((await process.desk.report()).total.usage).toEqual(usage(5, 5))
  })

  test('of a call that cost less than its first part gives all of the second back', async () => {
    const reservation = await held(process, key, 60_000)
    await reservation.extend(usd(30_000))
    reservation.settle(usd(10), NO_USAGE)
    expect(await spentByKey()).toBe(10)
    expect(await ledger(process)).toMatchObject({ spent: 10, held: 0 })
  })

  test('that is granted when the call is over is given back', async () => {
    const reservation = await held(process, key, 60_000)
    const extended = reservation.extend(usd(30_000))
    reservation.settle(usd(50_000), NO_USAGE)
    expect(await extended).toBe(false)
    expect(await spentByKey()).toBe(50_000)
    expect(await ledger(process)).toEqual({ spent: 50_000, held: 0, requests: 1 })
    expect(await reservation.extend(usd(1))).toBe(false)
  })

  test('is not granted where nobody can tell', async () => {
    const reservation = await held(process, key, 60_000)
    process.line.faults.set('openSpend', 'failing')
    expect(await reservation.extend(usd(1))).toBe(false)
    expect(await spentByKey()).toBe(60_000)
  })
})

describe('while the ledger does not take costs', () => {
  test('they are kept, leases run on, and all of it arrives', async () => {
    const reservation = await held(process, key, 60_000)
    process.line.faults.set('settleSpend', 'failing')
    reservation.settle(usd(10_000), NO_USAGE)
    await rig.pass(120_000)
    const { status, reasons } = process.gate.health()
    expect([status, ...reasons]).toEqual([
      'degraded',
      expect.any(String),
      'costs of calls cannot be saved',
    ])
    expect(rig.logged.filter((line) => line.startsWith('costs could not'))).toHaveLength(1)
    await process.store.expireSpend(rig.clock.wallMs(), () => {
      throw new Error('its lease has run out')
    })
    process.line.faults.clear()
    await rig.pass(5_000)
    expect(await ledger(process)).toEqual({ spent: 10_000, held: 0, requests: 1 })
    expect(await spentByKey()).toBe(10_000)
  })

  test('what is read from it meanwhile is put right afterwards', async () => {
    const reservation = await held(process, key, 60_000)
    process.line.faults.set('settleSpend', 'failing')
    reservation.settle(usd(10_000), NO_USAGE)
    await rig.pass(10_000)
    await process.desk.setCaps({ kind: 'account', id: '' }, { ...NO_CAPS, perDayMicroUsd: 200_000 })
    await held(process, key, 1_000)
    expect(await spentByKey()).toBe(61_000)
    process.line.faults.clear()
    await rig.pass(10_000)
    expect(await spentByKey()).toBe(11_000)
  })
})

const NO_CAPS = {
  perDayMicroUsd: null,
  perMonthMicroUsd: null,
  models: null,
  maxOutputTokens: null,
}

describe('the end of a request', () => {
  test('gives up what was not settled, and a cost that comes later still counts', async () => {
    const decision = await spend(process, key, 60_000)
    if (!decision.allowed) throw new Error('the call was refused')
    expect(decision.mustSettle).toBe(true)
    process.gate.settle(decision)
    decision.reservation?.settle(usd(7_000), NO_USAGE)
    await rig.pass(SETTLED_MS)
    expect(await ledger(process)).toEqual({ spent: 7_000, held: 0, requests: 1 })
  })

  test('frees a place in flight, whatever becomes of the money', async () => {
    const busy = await rig.open({
      spend: {},
      tiers: { one: { limits: [], maxConcurrent: 1 } },
    })
    const { key } = await issue(busy.gate, { tier: 'one' })
    const decision = await spend(busy, key, 10)
    expect(await denied(busy, key, 10)).toMatchObject({ code: 'concurrency_limited' })
    if (decision.allowed) busy.gate.settle(decision)
    await held(busy, key, 10)
  })
})

test('the end of the gate writes what is known', async () => {
  const reservation = await held(process, key, 60_000)
  reservation.settle(usd(10_000), NO_USAGE)
  await rig.stop(process)
  const next = await rig.open({ spend: {} })
  expect(await ledger(next)).toEqual({ spent: 10_000, held: 0, requests: 1 })
  await turns()
})
