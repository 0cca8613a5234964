/** A process that dies forgets no money, and holds none for longer than its leases run. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  audited,
  DeskRig,
  denied,
  held,
  issue,
  ledger,
  type SpendingProcess,
  usage,
  usd,
  used,
} from '../../../tests/spend/desk-rig.ts'
import type { LockgateConfig } from '../../config/index.ts'

const CONFIG: LockgateConfig = {
  spend: {},
  tiers: { free: { limits: [], spend: { perDay: '$0.1', perMonth: '$0.5' } } },
}
/** With the time until somebody looks. */
const LEASE_MS = 60_000

let rig: DeskRig
let first: SpendingProcess
let key: string
let keyId: string
beforeEach(async () => {
  rig = new DeskRig()
  first = await rig.open(CONFIG)
  ;({ key, keyId } = await issue(first.gate))
})
afterEach(() => rig.close())

const spentByKey = async (process: SpendingProcess) => (await used(process, keyId))['spend_day']

test('what was spent and what is held counts on after a crash, from the first call on', async () => {
  const settled = await held(first, key, 50_000)
  settled.settle(usd(20_000), usage(10, 10))
  await rig.pass(50)
  await held(first, key, 60_000)
  first.crash()
  const second = await rig.open(CONFIG)
  expect(await denied(second, key, 20_001)).toMatchObject({ limitName: 'spend_day' })
  await held(second, key, 20_000)
  expect(await spentByKey(second)).toBe(100_000)
  expect(await ledger(second)).toEqual({ spent: 20_000, held: 80_000, requests: 1 })
})

test('a cost that had not reached the ledger is charged as the worst case', async () => {
  const reservation = await held(first, key, 50_000)
  reservation.settle(usd(1), usage(1, 1))
  first.crash()
  const second = await rig.open(CONFIG, { chores: true })
  expect(await spentByKey(second)).toBe(50_000)
  await rig.pass(LEASE_MS)
  expect(await ledger(second)).toEqual({ spent: 50_000, held: 0, requests: 1 })
})

test('room that was given back and used again is not counted twice after a crash', async () => {
  const earlier = await held(first, key, 100_000)
  earlier.settle(usd(10_000), usage(5, 5))
  await held(first, key, 90_000)
  first.crash()
  const second = await rig.open(CONFIG)
  expect(await ledger(second)).toEqual({ spent: 10_000, held: 90_000, requests: 1 })
})

describe('a reservation that nobody holds any more', () => {
  test('is charged in full within 60 s of a crash, with a row in the audit log', async () => {
    const { id } = await held(first, key, 60_000)
    await rig.pass(100_000)
    first.crash()
    const second = await rig.open(CONFIG, { chores: true })
    await held(second, key, 10_000)
    await rig.pass(30_000)
    expect(await ledger(second)).toMatchObject({ held: 70_000 })
    await rig.pass(LEASE_MS - 30_000)
    expect(await ledger(second)).toEqual({ spent: 60_000, held: 10_000, requests: 1 })
    expect(await spentByKey(second)).toBe(70_000)
    expect(await audited(second, 'spend.expired')).toMatchObject([
      {
        ...{ keyId, actor: 'test', count: 1 },
        details: { reservation: id, model: 'gpt-4o-mini', micro_usd: 60_000, tokens: 0 },
      },
    ])
  })

  test('because its caller gave it up is charged in full, though its process lives', async () => {
    const second = await rig.open(CONFIG, { chores: true })
    const reservation = await held(first, key, 60_000)
    await rig.pass(120_000)
    expect(await ledger(second)).toMatchObject({ spent: 0, held: 60_000 })
    reservation.abandon()
    expect(await reservation.extend(usd(1))).toBe(false)
    await rig.pass(LEASE_MS)
    expect(await ledger(second)).toMatchObject({ spent: 60_000, held: 0 })
    expect(await spentByKey(first)).toBe(60_000)
  })

  test('and is settled after all is put right', async () => {
    const second = await rig.open(CONFIG, { chores: true })
    const reservation = await held(first, key, 60_000)
    reservation.abandon()
    await rig.pass(LEASE_MS)
    expect(await ledger(second)).toMatchObject({ spent: 60_000, held: 0 })
    reservation.settle(usd(5_000), usage(3, 3))
    await rig.pass(10_000)
    expect(await ledger(second)).toEqual({ spent: 5_000, held: 0, requests: 1 })
    expect(await spentByKey(second)).toBe(5_000)
  })
})

test('a cost that comes after its lease is put right where calls are decided, too', async () => {
  const only = await rig.open(CONFIG, { chores: true })
  const reservation = await held(only, key, 60_000)
  reservation.abandon()
  await rig.pass(LEASE_MS)
  expect(await spentByKey(only)).toBe(60_000)
  first.line.calls.clear()
  reservation.settle(usd(5_000), usage(3, 3))
  await rig.pass(1_000)
  expect(await spentByKey(only)).toBe(5_000)
})

test('leases of calls that run are renewed together, as long as they run', async () => {
  const second = await rig.open(CONFIG, { chores: true })
  const running = await Promise.all(Array.from({ length: 20 }, () => held(first, key, 1_000)))
  first.line.calls.clear()
  await rig.pass(90_000)
  expect(first.line.calls.get('renewSpend')).toBe(6)
  expect(await ledger(second)).toMatchObject({ spent: 0, held: 20_000 })
  for (const reservation of running) reservation.settle(usd(10), usage(1, 1))
  await rig.pass(LEASE_MS)
  expect(await ledger(second)).toEqual({ spent: 200, held: 0, requests: 20 })
  expect(await audited(second, 'spend.expired')).toEqual([])
})

test('one renewal that fails is made up for in a second', async () => {
  const second = await rig.open(CONFIG, { chores: true })
  await held(first, key, 1_000)
  first.line.faults.set('renewSpend', 'failing')
  await rig.pass(50_000)
  first.line.faults.clear()
  await rig.pass(30_000)
  expect(await ledger(second)).toMatchObject({ spent: 0, held: 1_000 })
})

test('where each process counts by itself, what others spend is known', async () => {
  const second = await rig.open(CONFIG)
  await held(second, key, 10_000)
  await rig.pass(1_000)
  const theirs = await held(first, key, 80_000)
  await rig.pass(1_000)
  expect(await denied(second, key, 10_001)).toMatchObject({ limitName: 'spend_day' })
  theirs.settle(usd(30_000), usage(1, 1))
  await rig.pass(1_000)
  await held(second, key, 60_000)
  expect(await spentByKey(second)).toBe(100_000)
})
