/** How counters that know nothing, or nothing that can be believed, learn what was spent. */
import assert from 'node:assert/strict'
import { type Cases, charge, MINUTE_MS, sliding } from './bench.ts'
import {
  ACCOUNT,
  cap,
  DAY_MS,
  KEY,
  monthStartMs,
  on,
  SECOND_MS,
  SpendBench,
  tokens,
  unseeded,
  usd,
} from './spend-bench.ts'

const DAY = cap('day', 1000)
const MONTH = cap('month', 1000)

export const SEEDS: Cases = {
  'without a seed nothing is held, charged or refused': async (plain) => {
    const bench = new SpendBench(plain)
    await bench.seed(ACCOUNT)
    const minute = charge([sliding('minute', 1)])
    const consume = () => {
      const hold = bench.hold(usd(5000), on('sk2', DAY), on(ACCOUNT, DAY), on(KEY, DAY))
      return bench.counters.consume({ charges: [minute], hold })
    }
    const outcome = await consume()
    assert.deepEqual(outcome.kind === 'unseeded' && [...outcome.subjects].sort(), ['sk2', KEY])
    assert.deepEqual((await plain.status(minute))?.remaining, 1)
    assert.deepEqual(await bench.used(ACCOUNT, DAY), [0])
    await plain.consume(minute)
    assert.deepEqual((await consume()).kind, 'unseeded')
  },
  'a subject without caps has to be seeded too': unseeded(async (bench) => {
    assert.deepEqual((await bench.take(usd(1), on(KEY))).kind, 'unseeded')
  }),
  'the sums of a seed are counted where they belong, and its open calls as holds': unseeded(
    async (bench) => {
      await bench.waitUntilAfter(MINUTE_MS, 30_000)
      const nowMs = await bench.nowMs()
      const minuteMs = nowMs - 30_000
      const longAgoMs = minuteMs - DAY_MS
      await bench.seed(KEY, {
        minutes: [
          { startMs: longAgoMs - MINUTE_MS, ...usd(5) },
          { startMs: longAgoMs, ...usd(100) },
          { startMs: minuteMs, ...usd(20) },
        ],
        month: { startMs: monthStartMs(nowMs), ...usd(400) },
        open: [{ id: 'open', atMs: nowMs - 2, microUsd: 3, tokens: 9 }],
      })
      const sinceMonth = monthStartMs(nowMs) <= nowMs - 2 ? 403 : 400
      assert.deepEqual(await bench.used(KEY, DAY, MONTH), [123, sinceMonth])
      assert.deepEqual(await bench.used(KEY, cap('minute', 1, 'tokens')), [9])
      await bench.wait(30_000)
      assert.deepEqual(await bench.used(KEY, DAY), [23])
      const hold = { id: 'open', atMs: nowMs - 2, charges: [on(KEY)] }
      await bench.counters.settleHold(hold, usd(1))
      assert.deepEqual(await bench.used(KEY, DAY), [21])
    },
  ),
  'a month that has ended since the seed was read is no part of this one': unseeded(
    async (bench) => {
      const lastMs = monthStartMs(await bench.nowMs(), -1)
      await bench.seed(KEY, { month: { startMs: lastMs, ...usd(1000) } })
      assert.deepEqual(await bench.used(KEY, MONTH), [0])
    },
  ),
  'the tokens of a seeded minute count as if they were used in its last second': unseeded(
    async (bench) => {
      await bench.waitUntilAfter(MINUTE_MS, 10 * SECOND_MS)
      const startMs = (await bench.nowMs()) - 10 * SECOND_MS - MINUTE_MS
      await bench.seed(KEY, { minutes: [{ startMs, ...tokens(70) }] })
      const minute = cap('minute', 100, 'tokens')
      assert.deepEqual(await bench.used(KEY, minute), [70])
      const { retryAfterMs } = await bench.refusal(tokens(31), on(KEY, minute))
      assert.deepEqual(retryAfterMs, 50 * SECOND_MS)
      await bench.wait(retryAfterMs)
      assert.deepEqual(await bench.used(KEY, minute), [0])
    },
  ),
  'the tokens of the minute that runs count at once, and no longer than two minutes': unseeded(
    async (bench) => {
      await bench.waitUntilAfter(MINUTE_MS, 10 * SECOND_MS)
      const startMs = (await bench.nowMs()) - 10 * SECOND_MS
      await bench.seed(KEY, { minutes: [{ startMs, ...tokens(70) }] })
      const minute = cap('minute', 100, 'tokens')
      await bench.taken(tokens(20), on(KEY, minute))
      assert.deepEqual(await bench.used(KEY, minute), [90])
      await bench.wait(MINUTE_MS - 1)
      assert.deepEqual(await bench.used(KEY, minute), [90])
      await bench.wait(MINUTE_MS - 10 * SECOND_MS + 1)
      assert.deepEqual(await bench.used(KEY, minute), [0])
    },
  ),
  'what was seeded since a seed was read stays as it is': unseeded(async (bench) => {
    const readAtMs = await bench.nowMs()
    await bench.wait(5)
    await bench.seed(KEY, { readAtMs })
    const hold = await bench.taken(usd(100), on(KEY))
    await bench.counters.settleHold(hold, usd(60))
    const late = { month: { startMs: monthStartMs(readAtMs), ...usd(500) }, readAtMs: readAtMs + 4 }
    await bench.seed(KEY, late)
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [60, 60])
    await bench.wait(1)
    await bench.seed(KEY, { ...late, readAtMs: readAtMs + 6 })
    assert.deepEqual(await bench.used(KEY, MONTH), [500])
  }),
  'a seed is believed from the time on at which it was read': unseeded(async (bench) => {
    const readAtMs = await bench.nowMs()
    await bench.wait(10)
    await bench.seed(KEY, { readAtMs })
    const since = async (seededSinceMs: number): Promise<string> => {
      const hold = { ...bench.hold(usd(1), on(KEY, DAY)), seededSinceMs }
      return (await bench.counters.consume({ charges: [], hold })).kind
    }
    assert.deepEqual(await since(readAtMs), 'admitted')
    assert.deepEqual(await since(readAtMs + 1), 'unseeded')
    await bench.wait(1)
    await bench.seed(KEY)
    assert.deepEqual(await since(readAtMs + 11), 'admitted')
    assert.deepEqual(await since(readAtMs + 12), 'unseeded')
  }),
  'seeds of several subjects are taken at once, each for itself': unseeded(async (bench) => {
    const month = { startMs: monthStartMs(await bench.nowMs()) }
    await bench.counters.seed([
      await bench.seedOf(KEY, { month: { ...month, ...usd(1) } }),
      await bench.seedOf(ACCOUNT, { month: { ...month, ...usd(2) } }),
    ])
    assert.deepEqual([await bench.used(KEY, MONTH), await bench.used(ACCOUNT, MONTH)], [[1], [2]])
    await bench.counters.seed([])
  }),
}
