/** Holds on shared counters whose answers come too late, seen by an instance that had no outage. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Instances, startInstances } from '../../../tests/outage/instances.ts'
import type { Hold, SpendCharge } from '../../core/ports/counters.ts'
import type { SpendCap } from '../../core/spend/caps.ts'

const CAP: SpendCap = { name: 'spend_day', unit: 'micro_usd', window: 'day', quota: 1_000 }
const CHARGE: SpendCharge = { subject: 'sk7Hq2mZ9x', caps: [CAP] }

let running: Instances
beforeEach(async () => {
  running = await startInstances(2)
})
afterEach(() => running.close())

const instance = (index: number) => {
  const found = running.counters[index]
  if (found === undefined) throw new Error(`there is no instance ${index}`)
  return found
}
const hold = (id: string): Hold => ({
  ...{ id, amount: { microUsd: 400, tokens: 0 }, charges: [CHARGE], seededSinceMs: 0 },
})

test('are given back, for nobody waited for them', async () => {
  const readAtMs = await instance(0).nowMs()
  const month = { startMs: Date.UTC(2025, 5), microUsd: 0, tokens: 0 }
  await instance(0).seed([{ subject: CHARGE.subject, readAtMs, minutes: [], month, open: [] }])
  await instance(0).consume({ charges: [], hold: hold('first') })
  running.server.plug = 'mute'
  const late = Promise.resolve(instance(0).consume({ charges: [], hold: hold('late') }))
  const refused = expect(late).rejects.toThrow('nothing is spent without them')
  await running.pass(250)
  await refused
  running.server.plug = 'in'
  running.server.answerHeld()
  await running.pass(100)
  expect(await instance(1).spendStatus([CHARGE])).toEqual([[{ cap: CAP, used: 400 }]])
})

test('and nothing else about money is answered in an outage', async () => {
  running.server.plug = 'refusing'
  const ask = (index: number) => instance(index)
  await expect(Promise.resolve(ask(0).nowMs())).rejects.toThrow('nothing is spent')
  for (const call of [
    () => ask(0).spendStatus([CHARGE]),
    () => ask(0).seed([]),
    () => ask(0).settleHold({ id: 'x', atMs: 0, charges: [CHARGE] }, { microUsd: 0, tokens: 0 }),
  ]) {
    await expect(Promise.resolve(call())).rejects.toMatchObject({
      name: 'CountersUnavailableError',
    })
  }
})
