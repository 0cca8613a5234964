/** Until when an amount counts, and how long a refused hold has to wait. */
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
  type SpendBench,
  seeded,
  tokens,
  usd,
} from './spend-bench.ts'

const DAY = cap('day', 1000)
const MONTH = cap('month', 1000)
const TOKENS_MINUTE = cap('minute', 1000, 'tokens')

export const SPEND_WINDOWS: Cases = {
  'an amount counts for a day after the minute that it was taken in': seeded(async (bench) => {
    await bench.waitUntilAfter(MINUTE_MS, 40_000)
    await bench.taken(usd(1000), on(KEY, DAY))
    await isAdmittedAfter(bench, DAY_MS + 20_000, () => bench.take(usd(1), on(KEY, DAY)))
  }),
  'tokens of a minute count for a minute after their second': seeded(async (bench) => {
    await bench.waitUntilAfter(SECOND_MS, 400)
    await bench.taken(tokens(1000), on(KEY, TOKENS_MINUTE))
    const again = () => bench.take(tokens(1), on(KEY, TOKENS_MINUTE))
    await isAdmittedAfter(bench, MINUTE_MS + 600, again)
  }),
  'a month ends with the calendar month in UTC': seeded(async (bench) => {
    await bench.taken(usd(1000), on(KEY, MONTH))
    const nowMs = await bench.nowMs()
    const nextMs = monthStartMs(nowMs, 1)
    await isAdmittedAfter(bench, nextMs - nowMs, () => bench.take(usd(600), on(KEY, MONTH)))
    assert.deepEqual(await bench.used(KEY, MONTH), [600])
  }),
  'a wait ends when enough has left, not when all has': seeded(async (bench) => {
    await bench.waitUntilAfter(MINUTE_MS, 0)
    for (const microUsd of [100, 300, 200, 400]) {
      await bench.taken(usd(microUsd), on(KEY, DAY))
      await bench.wait(10 * MINUTE_MS)
    }
    const waitMs = DAY_MS + MINUTE_MS - 30 * MINUTE_MS
    await isAdmittedAfter(bench, waitMs, () => bench.take(usd(400), on(KEY, DAY)))
    assert.deepEqual((await bench.refusal(usd(201), on(KEY, DAY))).retryAfterMs, 20 * MINUTE_MS)
  }),
  'what can never fit asks for a whole window': seeded(async (bench) => {
    await bench.taken(usd(10), on(KEY, DAY))
    const waitOf = async (...caps: readonly (typeof DAY)[]): Promise<number> =>
      (await bench.refusal({ microUsd: 1001, tokens: 1001 }, on(KEY, ...caps))).retryAfterMs
    const nowMs = await bench.nowMs()
    assert.deepEqual(await waitOf(TOKENS_MINUTE), MINUTE_MS)
    assert.deepEqual(await waitOf(TOKENS_MINUTE, DAY), DAY_MS)
    assert.deepEqual(await waitOf(MONTH), monthStartMs(nowMs, 1) - nowMs)
  }),
  'a refusal names the limit or the cap with the longest wait': seeded(async (bench) => {
    const hour = charge([sliding('hour', 1, 60 * MINUTE_MS)])
    const week = charge([sliding('week', 1, 7 * DAY_MS)], { subject: 'i203.0.113.7' })
    const caps = on(KEY, TOKENS_MINUTE, DAY)
    await bench.waitUntilAfter(MINUTE_MS, 0)
    await bench.counters.consume({
      charges: [week, hour],
      hold: bench.hold({ microUsd: 900, tokens: 900 }, caps),
    })
    const refusal = async (
      charges: readonly (typeof hour)[],
      amount: Parameters<typeof usd>[0],
    ) => {
      const hold = bench.hold({ microUsd: amount, tokens: 101 }, on(ACCOUNT, DAY), caps)
      const outcome = await bench.counters.consume({ charges, hold })
      if (outcome.kind !== 'refused') throw new Error(`expected a refusal, got ${outcome.kind}`)
      const { reason, chargeIndex, limitName, retryAfterMs, limits } = outcome
      assert.deepEqual(limits.length, charges.length)
      return [reason, chargeIndex, limitName, retryAfterMs]
    }
    const dayMs = DAY_MS + MINUTE_MS
    assert.deepEqual(await refusal([], 1), ['cap', 1, 'tokens_minute', MINUTE_MS + SECOND_MS])
    assert.deepEqual(await refusal([hour], 1), ['limit', 0, 'hour', 60 * MINUTE_MS])
    assert.deepEqual(await refusal([hour], 101), ['cap', 1, 'spend_day', dayMs])
    assert.deepEqual(await refusal([hour, week], 101), ['limit', 1, 'week', 7 * DAY_MS])
  }),
  'a cost is counted at the time at which its call was admitted': seeded(async (bench) => {
    await bench.waitUntilAfter(MINUTE_MS, 0)
    const hold = await bench.taken({ microUsd: 10, tokens: 10 }, on(KEY))
    await bench.wait(30 * SECOND_MS)
    await bench.counters.settleHold(hold, { microUsd: 1000, tokens: 1000 })
    const { retryAfterMs } = await bench.refusal(tokens(1), on(KEY, TOKENS_MINUTE))
    assert.deepEqual(retryAfterMs, 31 * SECOND_MS)
    await bench.wait(30 * SECOND_MS)
    await isAdmittedAfter(bench, DAY_MS, () => bench.take(usd(1), on(KEY, DAY)))
  }),
  'a call of last month that ends in this one is no part of this one': seeded(async (bench) => {
    const nowMs = await bench.nowMs()
    await bench.wait(monthStartMs(nowMs, 1) - nowMs - 1)
    const dear = await bench.taken(usd(500), on(KEY))
    const cheap = await bench.taken(usd(500), on(KEY))
    await bench.wait(1)
    assert.deepEqual(await bench.used(KEY, MONTH, DAY), [0, 1000])
    await bench.counters.settleHold(dear, usd(900))
    await bench.counters.settleHold(cheap, usd(50))
    assert.deepEqual(await bench.used(KEY, MONTH, DAY), [0, 950])
  }),
  'settling what has left its window takes nothing from the others': seeded(async (bench) => {
    await bench.waitUntilAfter(MINUTE_MS, 0)
    const old = await bench.taken({ microUsd: 300, tokens: 300 }, on(KEY))
    await bench.wait(DAY_MS + MINUTE_MS)
    await bench.taken({ microUsd: 200, tokens: 200 }, on(KEY))
    await bench.counters.settleHold(old, usd(0))
    assert.deepEqual(await bench.used(KEY, DAY, TOKENS_MINUTE), [200, 200])
  }),
}

/** Refused now with exactly this wait, refused 1 ms before its end, and admitted at it. */
async function isAdmittedAfter(
  bench: SpendBench,
  waitMs: number,
  take: () => ReturnType<SpendBench['take']>,
): Promise<void> {
  const refused = await take()
  assert.deepEqual(refused.kind === 'refused' && refused.retryAfterMs, waitMs)
  await bench.wait(waitMs - 1)
  assert.deepEqual((await take()).kind, 'refused')
  await bench.wait(1)
  assert.deepEqual((await take()).kind, 'admitted')
}
