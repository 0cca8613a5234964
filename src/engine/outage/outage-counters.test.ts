/** Several instances on one server whose plug is pulled. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Instances, startInstances } from '../../../tests/outage/instances.ts'
import type { Limit } from '../../core/limits/limit.ts'
import type { ConsumeOutcome } from '../../core/ports/counters.ts'
import type { OutageCountersOptions } from './outage-counters.ts'
import type { OutageEvent } from './outage-event.ts'

const KEY = 'k7Hq2mZ9x'
const limitOf = (quota: number): Limit => ({
  ...{ name: 'minute', quota, windowMs: 60_000, algorithm: 'sliding-window' },
})
const TEN = Object.freeze([limitOf(10)])
const MANY = Object.freeze([limitOf(1_000)])

let running: Instances
async function start(count = 2, options: Partial<OutageCountersOptions> = {}): Promise<void> {
  running = await startInstances(count, options)
  running.server.called.length = 0
}
beforeEach(() => start())
afterEach(() => running.close())

async function restart(count: number, options: Partial<OutageCountersOptions> = {}): Promise<void> {
  await running.close()
  await start(count, options)
}

const counters = (instance = 0) => {
  const found = running.counters[instance]
  if (found === undefined) throw new Error(`there is no instance ${instance}`)
  return found
}
const ask = async (instance = 0, limits: readonly Limit[] = TEN, more: object = {}) =>
  counters(instance).consume({ charges: [{ subject: KEY, limits, cost: 1, ...more }] })
const calls = (method: string): number =>
  running.server.called.filter((called) => called === method).length
/** How many of `attempts` requests of one instance are admitted. */
async function admitted(attempts: number, instance = 0, limits = TEN): Promise<number> {
  let count = 0
  for (let left = attempts; left > 0; left -= 1) {
    if ((await ask(instance, limits)).kind === 'admitted') count += 1
  }
  return count
}

describe('a call that gets no answer', () => {
  test('is decided at the deadline, and all that wait with it; later ones do not wait', async () => {
    running.server.plug = 'silent'
    const decided: string[] = []
    void Promise.resolve(ask()).then(({ kind }) => decided.push(`first ${kind}`))
    await running.pass(200)
    for (let index = 0; index < 3; index += 1) {
      void Promise.resolve(ask()).then(({ kind }) => decided.push(`later ${kind}`))
    }
    expect(decided).toEqual([])
    await running.pass(50)
    expect(decided).toEqual(['first admitted', ...Array(3).fill('later admitted')])
    const asked = calls('consume')
    expect((await ask()).kind).toBe('admitted')
    expect(calls('consume')).toBe(asked)
    expect(counters().outage()?.reason).toBe('unreachable')
    expect(counters().stats()).toEqual({ outages: 1, localDecisions: 5, timeouts: 1 })
  })

  test('and was carried out after all is given back, so that it is charged once', async () => {
    running.server.plug = 'mute'
    const waiting = ask()
    await running.pass(250)
    expect((await waiting).kind).toBe('admitted')
    running.server.plug = 'in'
    running.server.answerHeld()
    await running.pass(1_000)
    expect(counters().outage()).toBeUndefined()
    expect(await admitted(20)).toBe(9)
  })
})

describe('an outage begins', () => {
  test('at once when a call fails, and the request is decided without a wait', async () => {
    running.server.plug = 'refusing'
    expect((await ask()).kind).toBe('admitted')
    expect(counters().outage()).toMatchObject({ reason: 'unreachable', policy: 'local' })
  })

  test('when four trips in a row took more than half the deadline', async () => {
    async function answeredSlowly(count: number): Promise<void> {
      running.server.plug = 'mute'
      const waiting = Array.from({ length: count }, () => ask())
      await running.pass(150)
      running.server.answerHeld()
      for (const outcome of await Promise.all(waiting)) expect(outcome.kind).toBe('admitted')
      running.server.plug = 'in'
    }
    for (let trip = 1; trip < 4; trip++) await answeredSlowly(1)
    await ask()
    await answeredSlowly(1)
    expect(counters().outage()).toBeUndefined()
    // The next heartbeat, which would be quick, is a whole second away.
    await running.pass(60_400)
    for (let trip = 1; trip <= 4; trip++) await answeredSlowly(1)
    expect(counters().outage()?.reason).toBe('too_slow')
  })

  test('not when one pause makes many answers late', async () => {
    running.server.plug = 'mute'
    const waiting = Array.from({ length: 50 }, () => ask(0, MANY))
    await running.pass(150)
    running.server.answerHeld()
    for (const outcome of await Promise.all(waiting)) expect(outcome.kind).toBe('admitted')
    expect(counters().outage()).toBeUndefined()
  })

  test('on an instance without requests, too: its heartbeat fails', async () => {
    running.server.plug = 'refusing'
    await running.pass(1_000)
    expect(counters(1).outage()).toBeDefined()
  })

  test('not by a request that makes no sense, which fails as it does at any time', async () => {
    const wrong = { code: 'invalid_field' }
    await expect(ask(0, TEN, { cost: 11 })).rejects.toMatchObject(wrong)
    expect(counters().outage()).toBeUndefined()
    running.server.plug = 'refusing'
    await ask()
    for (const cost of [11, 0, 1.5]) {
      await expect(ask(0, TEN, { cost })).rejects.toMatchObject(wrong)
    }
  })

  test('with the process where it is told to, and ends when the server is there', async () => {
    await restart(1, { startInOutage: true })
    expect(counters().outage()).toBeUndefined()
    expect(counters().stats().outages).toBe(1)
  })
})

describe('an outage ends', () => {
  test.each(['refusing', 'silent'] as const)(
    'within two seconds of the server being back (%s)',
    async (plug) => {
      running.server.plug = plug
      const waiting = ask()
      await running.pass(250)
      await waiting
      await running.pass(60_000)
      running.server.plug = 'in'
      await running.pass(2_000)
      expect(counters().outage()).toBeUndefined()
    },
  )

  test('only after two probes in a row, which do not overlap', async () => {
    running.server.plug = 'refusing'
    await ask()
    running.server.plug = 'mute'
    await running.pass(450)
    expect(calls('probe')).toBe(1)
    running.server.answerHeld()
    running.server.plug = 'in'
    await running.pass(100)
    expect(counters().outage()).toBeDefined()
    await running.pass(100)
    expect(counters().outage()).toBeUndefined()
  })

  test('and what each instance admitted alone is known to the server', async () => {
    running.server.plug = 'refusing'
    expect(await admitted(20, 0)).toBe(5)
    expect(await admitted(20, 1)).toBe(5)
    running.server.loseData()
    running.server.plug = 'in'
    await running.pass(1_000)
    expect(await admitted(20, 0)).toBe(0)
    expect(await admitted(20, 1)).toBe(0)
    await running.pass(59_000)
    expect(await admitted(20, 0)).toBe(10)
  })

  test('with nothing lost and nothing merged twice when a merge fails', async () => {
    running.server.plug = 'refusing'
    expect(await admitted(4)).toBe(4)
    running.server.plug = 'in'
    running.server.broken.add('merge')
    await running.pass(1_000)
    expect(counters().outage()).toBeDefined()
    expect(calls('merge')).toBeGreaterThan(1)
    running.server.broken.clear()
    await running.pass(1_000)
    expect(counters().outage()).toBeUndefined()
    expect(await admitted(20)).toBe(6)
  })

  test('also when what is admitted while it merges never ends', async () => {
    running.server.plug = 'refusing'
    await ask()
    running.server.plug = 'in'
    for (let left = 100; left > 0; left -= 1) {
      await running.pass(10)
      await ask()
    }
    expect(counters().outage()).toBeUndefined()
    expect(await admitted(20)).toBe(0)
  })
})

describe('alone, an instance', () => {
  test('admits its share in every window, also over two outages in one', async () => {
    await restart(3)
    running.server.plug = 'refusing'
    const shares = [await admitted(20, 0), await admitted(20, 1), await admitted(20, 2)]
    expect(shares.toSorted()).toEqual([3, 3, 4])
    running.server.loseData()
    running.server.plug = 'in'
    await running.pass(1_000)
    running.server.plug = 'refusing'
    for (let instance = 0; instance < 3; instance += 1) expect(await admitted(5, instance)).toBe(0)
  })

  test('shows the quotas that are configured, and what remains of its share', async () => {
    running.server.plug = 'refusing'
    const outcome = await ask()
    expect(outcome).toMatchObject({ limits: [[{ name: 'minute', quota: 10, remaining: 4 }]] })
  })

  test('refuses for a second where its share is nothing, or less than the cost', async () => {
    await restart(4)
    running.server.plug = 'refusing'
    const one = Object.freeze([limitOf(1)])
    const outcomes: ConsumeOutcome[] = []
    for (let instance = 0; instance < 4; instance += 1) outcomes.push(await ask(instance, one))
    expect(outcomes.filter(({ kind }) => kind === 'admitted')).toHaveLength(1)
    const refusal = { kind: 'refused', reason: 'limit', limitName: 'minute', retryAfterMs: 1000 }
    const status = { quota: 1, remaining: 0 }
    for (const outcome of outcomes.filter(({ kind }) => kind !== 'admitted')) {
      expect(outcome).toMatchObject({ ...refusal, chargeIndex: 0, limits: [[status]] })
    }
    expect(await ask(0, TEN, { cost: 4 })).toMatchObject(refusal)
    expect(await ask(0, TEN, { cost: 2 })).toMatchObject({ kind: 'admitted' })
  })

  test('holds its share of the requests in flight', async () => {
    running.server.plug = 'refusing'
    const three = { maxConcurrent: 3 }
    const first = [await ask(0, TEN, three), await ask(0, TEN, three), await ask(1, TEN, three)]
    first.push(await ask(1, TEN, three))
    expect(first.filter(({ kind }) => kind === 'admitted')).toHaveLength(3)
    expect(first.find(({ kind }) => kind === 'refused')).toMatchObject({ reason: 'concurrency' })
    const one = first[0]
    if (one?.kind !== 'admitted') throw new Error('it was refused')
    await counters(0).settle(one.receipt)
    expect((await ask(0, TEN, three)).kind).toBe('admitted')
  })

  test('gives back and charges more when a request is settled, here and on the server', async () => {
    running.server.plug = 'refusing'
    const outcomes = [await ask(), await ask()]
    const receipts = outcomes.flatMap((one) => (one.kind === 'admitted' ? [one.receipt] : []))
    for (const [index, receipt] of receipts.entries()) {
      for (const _ of ['once', 'again']) await counters().settle(receipt, [index === 0 ? 0 : 3])
    }
    expect(await admitted(20)).toBe(2)
    running.server.plug = 'in'
    await running.pass(1_000)
    expect(await admitted(20)).toBe(5)
  })

  test('tells the server of costs that are known only after the outage', async () => {
    running.server.plug = 'refusing'
    const outcome = await ask()
    running.server.plug = 'in'
    await running.pass(1_000)
    if (outcome.kind !== 'admitted') throw new Error('it was refused')
    await counters().settle(outcome.receipt, [4])
    await running.pass(1_000)
    expect(await admitted(20)).toBe(6)
  })

  test('ends what the server admitted before, as far as that can be told, and waits for nothing', async () => {
    await restart(1)
    const places = { maxConcurrent: 2 }
    const outcomes = [await ask(0, TEN, places), await ask(0, TEN, places)]
    const [first, second] = outcomes.flatMap((one) => (one.kind === 'admitted' ? one.receipt : []))
    if (first === undefined || second === undefined) throw new Error('they were refused')
    running.server.plug = 'refusing'
    await ask()
    await counters().settle(first)
    await running.pass(25)
    expect(running.logged).toContain('a request could not be settled')
    running.server.plug = 'silent'
    expect(counters().settle(second)).toBeUndefined()
    expect(calls('settle')).toBe(2)
  })
})

describe('a key that changed', () => {
  const key = { keyId: '7Hq2mZ9x', version: 1 }
  const askWithKey = (instance: number) =>
    counters(instance).consume({ charges: [{ subject: KEY, limits: TEN, cost: 1 }], key })

  test('is stale here at once, and for everyone when the server is back', async () => {
    running.server.plug = 'refusing'
    await counters(0).setKeyVersion(key.keyId, 2)
    expect(await askWithKey(0)).toEqual({ kind: 'stale-key', version: 2 })
    expect((await askWithKey(1)).kind).toBe('admitted')
    running.server.plug = 'in'
    await running.pass(1_000)
    expect(await askWithKey(1)).toEqual({ kind: 'stale-key', version: 2 })
    running.server.plug = 'refusing'
    expect(await askWithKey(1)).toEqual({ kind: 'stale-key', version: 2 })
  })

  test('is told late where the call got no answer; the change does not wait longer', async () => {
    running.server.plug = 'silent'
    const told = counters(0).setKeyVersion(key.keyId, 2)
    await running.pass(250)
    await told
    running.server.plug = 'in'
    await running.pass(2_000)
    expect(await askWithKey(1)).toEqual({ kind: 'stale-key', version: 2 })
  })
})

describe('by another policy', () => {
  test('closed: every request is refused with an error, none is charged', async () => {
    await restart(1, { policy: 'closed' })
    running.server.plug = 'refusing'
    const unavailable = { name: 'CountersUnavailableError' }
    for (const _ of ['that begins it', 'that meets it']) {
      await expect(ask()).rejects.toMatchObject(unavailable)
    }
    const charges = [{ subject: KEY, limits: TEN, cost: 1 }]
    await expect(counters().peek({ charges })).rejects.toMatchObject(unavailable)
    running.server.plug = 'in'
    await running.pass(1_000)
    expect(await admitted(20)).toBe(10)
  })

  test('open: everything is admitted as if unused, and counted nowhere', async () => {
    await restart(1, { policy: 'open' })
    running.server.plug = 'refusing'
    expect(await admitted(50)).toBe(50)
    const outcome = await ask()
    expect(outcome).toMatchObject({ limits: [[{ quota: 10, remaining: 10, resetMs: 0 }]] })
    if (outcome.kind === 'admitted') await counters().settle(outcome.receipt)
    running.server.plug = 'in'
    await running.pass(1_000)
    expect(await admitted(20)).toBe(10)
  })
})

describe('whoever listens', () => {
  test('is told of beginning and end, with what it cost', async () => {
    const events: OutageEvent[] = []
    counters().onOutage((event) => events.push(event))
    running.server.plug = 'refusing'
    const sinceMs = running.clock.wallMs()
    await admitted(7)
    const outage = { sinceMs, reason: 'unreachable', policy: 'local' }
    expect(events).toEqual([{ kind: 'began', outage }])
    const late: OutageEvent[] = []
    counters().onOutage((event) => late.push(event))
    expect(late).toEqual(events)
    await running.pass(5_000)
    running.server.plug = 'in'
    await running.pass(200)
    expect(events).toHaveLength(2)
    const cost = { durationMs: 5_200, localDecisions: 7 }
    expect(events[1]).toEqual({ kind: 'ended', outage, ...cost })
  })
})

describe('closing', () => {
  test('ends every timer and closes the server', async () => {
    running.server.plug = 'refusing'
    await ask()
    await Promise.all(running.counters.map((one) => one.close()))
    expect(calls('close')).toBe(2)
    running.server.called.length = 0
    await running.pass(5_000)
    expect(running.server.called).toEqual([])
  })
})
