/** What settling corrects and frees. */
import assert from 'node:assert/strict'
import { type Cases, charge, codeOf, MINUTE_MS, sliding } from './bench.ts'

export const SETTLE: Cases = {
  'a lower cost gives the rest back, once': async (bench) => {
    const minute = charge([sliding('minute', 10)], { cost: 8 })
    const receipt = await bench.receipt(minute)
    await bench.counters.settle(receipt, [3])
    await bench.counters.settle(receipt, [0])
    assert.deepEqual((await bench.status(minute))?.remaining, 7)
  },
  'a cost of 0 undoes the charge': async (bench) => {
    const limits = [sliding('minute', 1), sliding('day', 5, 86_400_000)]
    await bench.counters.settle(await bench.receipt(charge(limits)), [0])
    const outcome = await bench.peek(charge(limits))
    const left = outcome.kind === 'stale-key' ? [] : outcome.limits[0]?.map((one) => one.remaining)
    assert.deepEqual(left, [1, 5])
  },
  'giving back takes out the units of that request only': async (bench) => {
    const minute = charge([sliding('minute', 3)])
    const receipt = await bench.receipt(minute)
    await bench.wait(1000)
    await bench.admitted(2, minute)
    await bench.counters.settle(receipt, [0])
    assert.deepEqual(await bench.admitted(2, minute), 1)
    await bench.wait(MINUTE_MS - 1)
    assert.deepEqual(await bench.admits(minute), false)
    await bench.wait(1)
    assert.deepEqual(await bench.admits(minute), true)
  },
  'a higher cost is charged even above the quota': async (bench) => {
    const minute = charge([sliding('minute', 10)])
    const receipt = await bench.receipt(minute)
    await bench.wait(5000)
    await bench.counters.settle(receipt, [25])
    assert.deepEqual((await bench.status(minute))?.remaining, 0)
    await bench.wait(MINUTE_MS - 1)
    assert.deepEqual(await bench.admits(minute), false)
    await bench.wait(1)
    assert.deepEqual(await bench.admitted(11, minute), 10)
  },
  'giving back after a charge above the quota frees nothing that counts': async (bench) => {
    const minute = charge([sliding('minute', 10)])
    const first = await bench.receipt({ ...minute, cost: 5 })
    const second = await bench.receipt(minute)
    await bench.counters.settle(second, [20])
    await bench.counters.settle(first, [0])
    assert.deepEqual(await bench.admits(minute), false)
    assert.deepEqual(await bench.retryAfterMs(minute), MINUTE_MS)
  },
  'a fixed window gives back nothing of the window before': async (bench) => {
    const fixed = charge([{ ...sliding('minute', 5), algorithm: 'fixed-window' }], { cost: 5 })
    const receipt = await bench.receipt(fixed)
    await bench.wait(MINUTE_MS)
    await bench.receipt(fixed)
    await bench.counters.settle(receipt, [0])
    assert.deepEqual((await bench.status(fixed))?.remaining, 0)
  },
  'without costs they stand': async (bench) => {
    const minute = charge([sliding('minute', 2)])
    await bench.counters.settle(await bench.receipt(minute))
    assert.deepEqual((await bench.status(minute))?.remaining, 1)
  },
  'each algorithm gives back what was just taken': async (bench) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window'] as const) {
      const limits = [{ ...sliding(algorithm, 5), algorithm }]
      const subject = `k${algorithm}`
      const receipt = await bench.receipt(charge(limits, { subject, cost: 5 }))
      await bench.counters.settle(receipt, [2])
      assert.deepEqual(await bench.admitted(5, charge(limits, { subject })), 3)
    }
  },
  'a cost that is not a whole number of at least 0 changes nothing': async (bench) => {
    const minute = charge([sliding('minute', 5)])
    const receipt = await bench.receipt(minute)
    for (const costs of [[-1], [Number.NaN], [0.5], [], [0, 0]]) {
      const settled = async (): Promise<void> => await bench.counters.settle(receipt, costs)
      assert.deepEqual(await codeOf(settled), 'invalid_field')
    }
    assert.deepEqual((await bench.status(minute))?.remaining, 4)
  },
}

export const CONCURRENCY: Cases = {
  'a place is held from the admission to its settling': async (bench) => {
    const capped = charge([sliding('minute', 100)], { maxConcurrent: 2 })
    const first = await bench.receipt(capped)
    await bench.receipt(capped)
    const refused = await bench.consume(capped)
    assert.deepEqual(refused.kind === 'refused' && [refused.reason, refused.limitName], [
      'concurrency',
      'concurrency',
    ])
    await bench.wait(10 * MINUTE_MS)
    assert.deepEqual(await bench.admits(capped), false)
    await bench.counters.settle(first)
    await bench.counters.settle(first)
    assert.deepEqual(await bench.admitted(2, capped), 1)
  },
  'a refusal for want of a place charges nothing': async (bench) => {
    const capped = charge([sliding('minute', 5)], { maxConcurrent: 1 })
    await bench.admitted(20, capped)
    assert.deepEqual((await bench.status(capped))?.remaining, 4)
  },
  'a refusal by a limit holds no place': async (bench) => {
    const capped = charge([sliding('minute', 1)], { maxConcurrent: 1 })
    await bench.counters.settle(await bench.receipt(capped))
    const refused = await bench.consume(capped)
    assert.deepEqual(refused.kind === 'refused' && refused.reason, 'limit')
    await bench.wait(MINUTE_MS)
    assert.deepEqual(await bench.admits(capped), true)
  },
  'places need no limits': async (bench) => {
    const capped = charge([], { maxConcurrent: 1 })
    assert.deepEqual(await bench.admitted(3, capped), 1)
  },
}
