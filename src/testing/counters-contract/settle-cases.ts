/** What settling corrects and frees. */
import { type Cases, charge, codeOf, MINUTE_MS, sliding } from './bench.ts'

export const SETTLE: Cases = {
  'a lower cost gives the rest back, once': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)], { cost: 8 })
    const receipt = await bench.receipt(minute)
    await bench.counters.settle(receipt, [3])
    await bench.counters.settle(receipt, [0])
    expect((await bench.status(minute))?.remaining).toEqual(7)
  },
  'a cost of 0 undoes the charge': async (bench, expect) => {
    const limits = [sliding('minute', 1), sliding('day', 5, 86_400_000)]
    await bench.counters.settle(await bench.receipt(charge(limits)), [0])
    const outcome = await bench.peek(charge(limits))
    const left = outcome.kind === 'stale-key' ? [] : outcome.limits[0]?.map((one) => one.remaining)
    expect(left).toEqual([1, 5])
  },
  'giving back takes out the units of that request only': async (bench, expect) => {
    const minute = charge([sliding('minute', 3)])
    const receipt = await bench.receipt(minute)
    await bench.wait(1000)
    await bench.admitted(2, minute)
    await bench.counters.settle(receipt, [0])
    expect(await bench.admitted(2, minute)).toEqual(1)
    await bench.wait(MINUTE_MS - 1)
    expect(await bench.admits(minute)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admits(minute)).toEqual(true)
  },
  'a higher cost is charged even above the quota': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)])
    const receipt = await bench.receipt(minute)
    await bench.wait(5000)
    await bench.counters.settle(receipt, [25])
    expect((await bench.status(minute))?.remaining).toEqual(0)
    await bench.wait(MINUTE_MS - 1)
    expect(await bench.admits(minute)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admitted(11, minute)).toEqual(10)
  },
  'giving back after a charge above the quota frees nothing that counts': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)])
    const first = await bench.receipt({ ...minute, cost: 5 })
    const second = await bench.receipt(minute)
    await bench.counters.settle(second, [20])
    await bench.counters.settle(first, [0])
    expect(await bench.admits(minute)).toEqual(false)
    expect(await bench.retryAfterMs(minute)).toEqual(MINUTE_MS)
  },
  'a fixed window gives back nothing of the window before': async (bench, expect) => {
    const fixed = charge([{ ...sliding('minute', 5), algorithm: 'fixed-window' }], { cost: 5 })
    const receipt = await bench.receipt(fixed)
    await bench.wait(MINUTE_MS)
    await bench.receipt(fixed)
    await bench.counters.settle(receipt, [0])
    expect((await bench.status(fixed))?.remaining).toEqual(0)
  },
  'without costs they stand': async (bench, expect) => {
    const minute = charge([sliding('minute', 2)])
    await bench.counters.settle(await bench.receipt(minute))
    expect((await bench.status(minute))?.remaining).toEqual(1)
  },
  'each algorithm gives back what was just taken': async (bench, expect) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window'] as const) {
      const limits = [{ ...sliding(algorithm, 5), algorithm }]
      const subject = `k${algorithm}`
      const receipt = await bench.receipt(charge(limits, { subject, cost: 5 }))
      await bench.counters.settle(receipt, [2])
      expect(await bench.admitted(5, charge(limits, { subject }))).toEqual(3)
    }
  },
  'a cost that is not a whole number of at least 0 changes nothing': async (bench, expect) => {
    const minute = charge([sliding('minute', 5)])
    const receipt = await bench.receipt(minute)
    for (const costs of [[-1], [Number.NaN], [0.5], [], [0, 0]]) {
      const settled = async (): Promise<void> => await bench.counters.settle(receipt, costs)
      expect(await codeOf(settled)).toEqual('invalid_field')
    }
    expect((await bench.status(minute))?.remaining).toEqual(4)
  },
}

export const CONCURRENCY: Cases = {
  'a place is held from the admission to its settling': async (bench, expect) => {
    const capped = charge([sliding('minute', 100)], { maxConcurrent: 2 })
    const first = await bench.receipt(capped)
    await bench.receipt(capped)
    const refused = await bench.consume(capped)
    expect(refused.kind === 'refused' && [refused.reason, refused.limitName]).toEqual([
      'concurrency',
      'concurrency',
    ])
    await bench.wait(10 * MINUTE_MS)
    expect(await bench.admits(capped)).toEqual(false)
    await bench.counters.settle(first)
    await bench.counters.settle(first)
    expect(await bench.admitted(2, capped)).toEqual(1)
  },
  'a refusal for want of a place charges nothing': async (bench, expect) => {
    const capped = charge([sliding('minute', 5)], { maxConcurrent: 1 })
    await bench.admitted(20, capped)
    expect((await bench.status(capped))?.remaining).toEqual(4)
  },
  'a refusal by a limit holds no place': async (bench, expect) => {
    const capped = charge([sliding('minute', 1)], { maxConcurrent: 1 })
    await bench.counters.settle(await bench.receipt(capped))
    const refused = await bench.consume(capped)
    expect(refused.kind === 'refused' && refused.reason).toEqual('limit')
    await bench.wait(MINUTE_MS)
    expect(await bench.admits(capped)).toEqual(true)
  },
  'places need no limits': async (bench, expect) => {
    const capped = charge([], { maxConcurrent: 1 })
    expect(await bench.admitted(3, capped)).toEqual(1)
  },
}
