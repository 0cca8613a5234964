/** Several limits and charges are one decision; costs; peeking. */
import assert from 'node:assert/strict'
import { type Cases, charge, codeOf, MINUTE_MS, OTHER_SUBJECT, sliding } from './bench.ts'

export const SEVERAL_LIMITS: Cases = {
  'what one limit refuses is charged to none': async (bench) => {
    const both = charge([sliding('minute', 2), sliding('day', 5, 86_400_000)])
    assert.deepEqual(await bench.admitted(50, both), 2)
    await bench.wait(MINUTE_MS)
    assert.deepEqual(await bench.admitted(50, both), 2)
    await bench.wait(MINUTE_MS)
    assert.deepEqual(await bench.admitted(50, both), 1)
  },
  'what one charge refuses is charged to no subject': async (bench) => {
    const key = charge([sliding('minute', 1)])
    const address = charge([sliding('ip', 3)], { subject: OTHER_SUBJECT })
    assert.deepEqual(await bench.admitted(10, address, key), 1)
    assert.deepEqual(await bench.admitted(10, address), 2)
    assert.deepEqual(await bench.admits(address, key), false)
  },
  'a refusal names the limit and the charge with the longest wait': async (bench) => {
    const key = charge([sliding('minute', 1), sliding('second', 1, 1000)])
    const address = charge([sliding('ip', 1, 10_000)], { subject: OTHER_SUBJECT })
    await bench.consume(key, address)
    const outcome = await bench.consume(key, address)
    assert.deepEqual(outcome.kind, 'refused')
    if (outcome.kind !== 'refused') return
    const { reason, chargeIndex, limitName, retryAfterMs } = outcome
    assert.deepEqual(
      { reason, chargeIndex, limitName, retryAfterMs },
      {
        reason: 'limit',
        chargeIndex: 0,
        limitName: 'minute',
        retryAfterMs: MINUTE_MS,
      },
    )
    assert.deepEqual(
      outcome.limits.map((list) => list.map((status) => status.remaining)),
      [[0, 0], [0]],
    )
  },
  'waiting exactly as long as told is enough, 1 ms less is not': async (bench) => {
    const both = charge([sliding('second', 2, 1000), sliding('minute', 5)])
    for (let round = 0; round < 20; round += 1) {
      const waitMs = await bench.retryAfterMs(both)
      if (waitMs > 1) {
        await bench.wait(waitMs - 1)
        assert.deepEqual(await bench.admits(both), false)
        await bench.wait(1)
      } else await bench.wait(waitMs)
      assert.deepEqual(await bench.admits(both), true)
      await bench.wait((round * 97) % 400)
    }
  },
  'subjects are counted apart': async (bench) => {
    const limits = [sliding('minute', 1)]
    assert.deepEqual(await bench.admits(charge(limits)), true)
    assert.deepEqual(await bench.admits(charge(limits, { subject: 'k7Hq2mZ9y' })), true)
    assert.deepEqual(await bench.admits(charge(limits)), false)
  },
  '64 calls at once with room for one admit exactly one': async (bench) => {
    const minute = charge([sliding('minute', 10)])
    const address = charge([sliding('ip', 1000)], { subject: OTHER_SUBJECT })
    await bench.admitted(9, minute)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, () => bench.consume(address, minute)),
    )
    assert.deepEqual(outcomes.filter((outcome) => outcome.kind === 'admitted').length, 1)
    assert.deepEqual((await bench.status(address))?.remaining, 999)
  },
}

export const COST: Cases = {
  'a request takes its cost from every limit, or nothing': async (bench) => {
    const limits = [sliding('minute', 10), sliding('day', 100, 86_400_000)]
    assert.deepEqual(await bench.admits(charge(limits, { cost: 7 })), true)
    assert.deepEqual(await bench.admits(charge(limits, { cost: 4 })), false)
    assert.deepEqual(await bench.admits(charge(limits, { cost: 3 })), true)
    assert.deepEqual((await bench.status(charge(limits)))?.remaining, 0)
  },
  'a cost that is not whole, not positive or can never fit is an error': async (bench) => {
    const limits = [sliding('minute', 10)]
    for (const cost of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 11]) {
      assert.deepEqual(await codeOf(() => bench.consume(charge(limits, { cost }))), 'invalid_field')
    }
    assert.deepEqual((await bench.status(charge(limits)))?.remaining, 10)
  },
  'a subject charged twice in one request is an error': async (bench) => {
    const minute = charge([sliding('minute', 10)])
    assert.deepEqual(await codeOf(() => bench.consume(minute, { ...minute })), 'invalid_field')
  },
}

export const PEEK: Cases = {
  'peek charges nothing and says what consume would': async (bench) => {
    const minute = charge([sliding('minute', 1)])
    for (let times = 0; times < 5; times += 1) {
      assert.deepEqual((await bench.peek(minute)).kind, 'admitted')
    }
    assert.deepEqual((await bench.status(minute))?.remaining, 1)
    await bench.consume(minute)
    assert.deepEqual((await bench.peek(minute)).kind, 'refused')
  },
  'settling the receipt of a peek changes nothing': async (bench) => {
    const minute = charge([sliding('minute', 2)], { maxConcurrent: 2 })
    await bench.consume(minute)
    const peeked = await bench.peek(minute)
    if (peeked.kind === 'admitted') await bench.counters.settle(peeked.receipt, [0])
    assert.deepEqual((await bench.status(minute))?.remaining, 1)
    assert.deepEqual(await bench.admitted(5, minute), 1)
  },
}
