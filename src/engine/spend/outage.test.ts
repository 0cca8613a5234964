/** Nothing is spent without the counters that all share, and what they have lost is read anew. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PluggableServer } from '../../../tests/outage/pluggable-server.ts'
import {
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
import { createMemoryCounters } from '../../counters/memory/index.ts'
import type { OutagePolicy } from '../outage/alone.ts'
import { createOutageCounters } from '../outage/outage-counters.ts'

const CONFIG: LockgateConfig = {
  spend: {},
  tiers: {
    free: { limits: [{ name: 'minute', quota: 100, window: '1m' }], spend: { perDay: '$0.1' } },
    plain: { limits: [{ name: 'minute', quota: 100, window: '1m' }] },
  },
}
const log = { debug() {}, info() {}, warn() {}, error() {} }

let rig: DeskRig
let server: PluggableServer
let process: SpendingProcess
let key: string
let keyId: string
beforeEach(() => {
  rig = new DeskRig()
  server = new PluggableServer(rig.clock)
})
afterEach(() => rig.close())

function open(policy: OutagePolicy = 'local', startInOutage = false): Promise<SpendingProcess> {
  const { clock } = rig
  const local = createMemoryCounters({ clock })
  const counters = createOutageCounters({
    ...{ shared: server.connect(), local, policy, clock, instanceId: policy, startInOutage, log },
  })
  return rig.open(CONFIG, { counters })
}

async function start(policy: OutagePolicy = 'local', startInOutage = false): Promise<void> {
  process = await open(policy, startInOutage)
  ;({ key, keyId } = await issue(process.gate))
}

const spentByKey = async () => (await used(process, keyId))['spend_day']

/** Small steps: the deadline of a call and the probes are shorter than a second. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) await rig.pass(50)
}

describe('in an outage', () => {
  test.each(['local', 'closed', 'open'] as const)('nothing is spent with "%s"', async (policy) => {
    await start(policy)
    await held(process, key, 10_000)
    server.plug = 'refusing'
    for (let calls = 0; calls < 3; calls += 1) {
      expect(await denied(process, key, 1)).toMatchObject({ code: 'limiter_unavailable' })
    }
    expect(process.line.calls.get('openSpend')).toBe(1)
    const decision = await process.gate.check({
      ...{ presentedKey: key, address: undefined, requestId: 'req_2' },
    })
    expect(decision.allowed).toBe(policy !== 'closed')
  })

  test('what no cap is over goes on, and is in the ledger', async () => {
    await start('local')
    const { key } = await issue(process.gate, { tier: 'plain' })
    server.plug = 'refusing'
    const reservation = await held(process, key, 10_000)
    reservation.settle(usd(500), usage(1, 1))
    expect(await ledger(process)).toMatchObject({ spent: 500, held: 0 })
  })

  test('a call that runs is not extended; what it has cost is known when it is over', async () => {
    await start()
    const reservation = await held(process, key, 60_000)
    server.plug = 'refusing'
    expect(await reservation.extend(usd(1_000))).toBe(false)
    reservation.settle(usd(5_000), usage(1, 1))
    await pass(1_000)
    server.plug = 'in'
    await pass(2_000)
    expect(await spentByKey()).toBe(5_000)
    await held(process, key, 95_000)
  })

  test('that is there at the start nothing is spent until it is over', async () => {
    server.plug = 'refusing'
    await start('local', true)
    expect(await denied(process, key, 1)).toMatchObject({ code: 'limiter_unavailable' })
    server.plug = 'in'
    await pass(2_000)
    await held(process, key, 1)
  })
})

test('a hold whose answer came too late is given back', async () => {
  await start()
  await held(process, key, 10_000)
  server.plug = 'mute'
  const refused = denied(process, key, 90_000)
  await pass(300)
  expect(await refused).toMatchObject({ code: 'limiter_unavailable' })
  server.plug = 'in'
  server.answerHeld()
  await pass(2_000)
  expect(await spentByKey()).toBe(10_000)
})

test('a cap that is set counts what an instance spends that has not heard of it yet', async () => {
  await start()
  const { key, keyId } = await issue(process.gate, { tier: 'plain' })
  const second = await open()
  const caps = { perMonthMicroUsd: null, models: null, maxOutputTokens: null }
  await process.desk.setCaps({ kind: 'key', id: keyId }, { ...caps, perDayMicroUsd: 50_000 })
  await held(process, key, 10_000)
  await held(second, key, 30_000)
  expect(await used(process, keyId)).toEqual({ spend_day: 10_000 })
  await rig.pass(4_000)
  expect(await used(process, keyId)).toEqual({ spend_day: 40_000 })
})

describe('when the counters are back', () => {
  test('having lost everything, nothing that was spent is forgotten', async () => {
    await start()
    const settled = await held(process, key, 50_000)
    settled.settle(usd(30_000), usage(1, 1))
    await held(process, key, 40_000)
    server.plug = 'refusing'
    await denied(process, key, 1)
    server.loseData()
    server.plug = 'in'
    await pass(2_000)
    expect(await denied(process, key, 30_001)).toMatchObject({ limitName: 'spend_day' })
    expect(await spentByKey()).toBe(70_000)
  })

  test('with what they had long ago, they are not believed', async () => {
    await start()
    await held(process, key, 10_000)
    server.plug = 'refusing'
    await denied(process, key, 1)
    // Another instance that never saw the outage went on.
    server.plug = 'in'
    const second = await open()
    await held(second, key, 80_000)
    await pass(2_000)
    expect(await denied(process, key, 10_001)).toMatchObject({ limitName: 'spend_day' })
  })

  test('the ledger is read only when others have written what they had admitted', async () => {
    await start()
    await held(process, key, 10_000)
    server.plug = 'refusing'
    await denied(process, key, 1)
    server.plug = 'in'
    process.line.calls.clear()
    for (let left = 40; process.gate.health().checks.counters.status !== 'ok'; left -= 1) {
      if (left === 0) throw new Error('the outage does not end')
      await rig.pass(50)
    }
    const first = held(process, key, 100)
    await pass(500)
    expect(process.line.calls.get('seedSpend')).toBeUndefined()
    await pass(150)
    await first
    expect(process.line.calls.get('seedSpend')).toBe(1)
  })

  test('they learn what a call has cost that was over meanwhile', async () => {
    await start()
    const reservation = await held(process, key, 60_000)
    const second = await open()
    await held(second, key, 1_000)
    server.broken.add('settleHold')
    reservation.settle(usd(5_000), usage(1, 1))
    await pass(500)
    server.broken.clear()
    await pass(6_000)
    // It never saw an outage, so it believes what the counters say.
    await held(second, key, 94_000)
  })

  test('and are told of a call as open that is over, they learn what it has cost', async () => {
    await start()
    const reservation = await held(process, key, 60_000)
    process.line.faults.set('settleSpend', 'failing')
    reservation.settle(usd(5_000), usage(1, 1))
    await rig.pass(10_000)
    server.loseData()
    await held(process, key, 1_000)
    expect(await spentByKey()).toBe(61_000)
    process.line.faults.clear()
    await rig.pass(10_000)
    expect(await spentByKey()).toBe(6_000)
  })

  test('that were emptied without an outage are told anew', async () => {
    await start()
    await held(process, key, 60_000)
    server.loseData()
    expect(await denied(process, key, 40_001)).toMatchObject({ limitName: 'spend_day' })
    await held(process, key, 40_000)
  })
})
