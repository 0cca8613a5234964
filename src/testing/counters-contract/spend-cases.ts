/** Holds: taken with everything else or not at all, exact, and corrected once. */
import assert from 'node:assert/strict'
import { type Cases, charge, codeOf, sliding } from './bench.ts'
import { ACCOUNT, cap, DAY_MS, KEY, on, SpendBench, seeded, tokens, usd } from './spend-bench.ts'

const DAY = cap('day', 1000)
const MONTH = cap('month', 1000)

export const HOLDS: Cases = {
  'exactly as many holds as fit are taken of 64 calls at once': seeded(async (bench) => {
    const roomy = cap('month', 100_000)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, () => bench.take(usd(300), on(KEY, DAY), on(ACCOUNT, roomy))),
    )
    assert.deepEqual(outcomes.filter(({ kind }) => kind === 'admitted').length, 3)
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [900, 900])
    assert.deepEqual(await bench.used(ACCOUNT, roomy), [900])
    assert.deepEqual(await bench.takes(usd(101), on(KEY, DAY)), false)
    assert.deepEqual(await bench.takes(usd(100), on(KEY, DAY)), true)
  }),
  'subjects are held together or not at all': seeded(async (bench) => {
    const small = cap('day', 500, 'micro_usd', 'account_spend_day')
    await bench.taken(usd(300), on(KEY, DAY), on(ACCOUNT, small))
    const refused = await bench.refusal(usd(300), on(KEY, DAY), on(ACCOUNT, small))
    const { reason, chargeIndex, limitName } = refused
    assert.deepEqual([reason, chargeIndex, limitName], ['cap', 1, 'account_spend_day'])
    assert.deepEqual(await bench.used(KEY, DAY), [300])
    assert.deepEqual(await bench.used(ACCOUNT, small), [300])
  }),
  'what a cap refuses is charged to no limit, what a limit refuses is not held': async (plain) => {
    const bench = new SpendBench(plain)
    await bench.seed(KEY)
    const minute = charge([sliding('minute', 2)])
    const call = async (microUsd: number): Promise<string> => {
      const hold = bench.hold(usd(microUsd), on(KEY, DAY))
      return (await bench.counters.consume({ charges: [minute], hold })).kind
    }
    assert.deepEqual([await call(1001), await call(1001)], ['refused', 'refused'])
    assert.deepEqual((await plain.status(minute))?.remaining, 2)
    assert.deepEqual(
      [await call(1), await call(1), await call(1)],
      ['admitted', 'admitted', 'refused'],
    )
    assert.deepEqual(await bench.used(KEY, DAY), [2])
  },
  'a place in flight that is missing holds nothing': async (plain) => {
    const bench = new SpendBench(plain)
    await bench.seed(KEY)
    const charges = [charge([], { maxConcurrent: 1 })]
    for (let calls = 3; calls > 0; calls -= 1) {
      await bench.counters.consume({ charges, hold: bench.hold(usd(10), on(KEY, DAY)) })
    }
    assert.deepEqual(await bench.used(KEY, DAY), [10])
  },
  'a quota of 0 lets nothing through': seeded(async (bench) => {
    for (const window of ['minute', 'day', 'month'] as const) {
      assert.deepEqual(await bench.takes(usd(1), on(KEY, cap(window, 0))), false)
    }
    assert.deepEqual(await bench.used(KEY, MONTH), [0])
  }),
  'dollars and tokens are counted apart, each by its own caps': seeded(async (bench) => {
    const caps = [cap('day', 100), cap('day', 10, 'tokens'), cap('minute', 5, 'tokens')]
    assert.deepEqual(await bench.takes({ microUsd: 100, tokens: 5 }, on(KEY, ...caps)), true)
    assert.deepEqual((await bench.refusal(usd(1), on(KEY, ...caps))).limitName, 'spend_day')
    assert.deepEqual((await bench.refusal(tokens(6), on(KEY, ...caps))).limitName, 'tokens_day')
    assert.deepEqual((await bench.refusal(tokens(1), on(KEY, ...caps))).limitName, 'tokens_minute')
    assert.deepEqual(await bench.used(KEY, ...caps), [100, 5, 5])
  }),
  'what is held counts for caps that were not there when it was taken': seeded(async (bench) => {
    await bench.taken(usd(700), on(KEY))
    assert.deepEqual(await bench.takes(usd(301), on(KEY, DAY)), false)
    assert.deepEqual(await bench.takes(usd(300), on(KEY, DAY)), true)
  }),
  'a hold is counted in full for as long as nobody settles it': seeded(async (bench) => {
    await bench.wait(await untilNextMonthIsFar(bench))
    await bench.taken(usd(700), on(KEY))
    await bench.wait(DAY_MS)
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [700, 700])
    await bench.wait(DAY_MS)
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [0, 700])
  }),
  'a stale key is told before anything is held': seeded(async (bench) => {
    await bench.counters.setKeyVersion('7Hq2mZ9x', 2)
    const hold = bench.hold(usd(10), on(KEY, DAY))
    const key = { keyId: '7Hq2mZ9x', version: 1 }
    const outcome = await bench.counters.consume({ charges: [], key, hold })
    assert.deepEqual(outcome, { kind: 'stale-key', version: 2 })
    assert.deepEqual(await bench.used(KEY, DAY), [0])
  }),
  'peek looks at no hold': seeded(async (bench) => {
    const hold = bench.hold(usd(5000), on(KEY, DAY), on('skUnseeded', DAY))
    assert.deepEqual((await bench.counters.peek({ charges: [], hold })).kind, 'admitted')
    assert.deepEqual(await bench.used(KEY, DAY), [0])
  }),
  'an amount that is not whole or is below 0, and a subject held twice, are errors': seeded(
    async (bench) => {
      for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        for (const amount of [usd(wrong), tokens(wrong)]) {
          const code = await codeOf(() => bench.take(amount, on(KEY, DAY)))
          assert.deepEqual(code, 'invalid_field')
        }
      }
      const twice = (): Promise<unknown> => bench.take(usd(1), on(KEY, DAY), on(KEY, MONTH))
      assert.deepEqual(await codeOf(twice), 'invalid_field')
      assert.deepEqual(await bench.used(KEY, DAY, MONTH), [0, 0])
    },
  ),
  'the status tells each subject in the order asked, and 0 of what is not seeded': seeded(
    async (bench) => {
      await bench.taken({ microUsd: 7, tokens: 3 }, on(KEY), on(ACCOUNT))
      await bench.taken(usd(5), on(ACCOUNT))
      const tokensDay = cap('day', 100, 'tokens')
      const charges = [on(ACCOUNT, MONTH), on('skUnseeded', DAY), on(KEY, tokensDay, DAY)]
      assert.deepEqual(await bench.counters.spendStatus(charges), [
        [{ cap: MONTH, used: 12 }],
        [{ cap: DAY, used: 0 }],
        [
          { cap: tokensDay, used: 3 },
          { cap: DAY, used: 7 },
        ],
      ])
    },
  ),
}

export const SETTLED_HOLDS: Cases = {
  'the cost of a call is counted in place of its hold, once': seeded(async (bench) => {
    const hold = await bench.taken(
      { microUsd: 900, tokens: 90 },
      on(KEY, DAY, MONTH),
      on(ACCOUNT, DAY),
    )
    await bench.counters.settleHold(hold, { microUsd: 250, tokens: 20 })
    await bench.counters.settleHold(hold, usd(0))
    const tokensMinute = cap('minute', 100, 'tokens')
    const tokensDay = cap('day', 100, 'tokens')
    assert.deepEqual(await bench.used(KEY, DAY, MONTH, tokensDay, tokensMinute), [250, 250, 20, 20])
    assert.deepEqual(await bench.used(ACCOUNT, DAY), [250])
    assert.deepEqual(await bench.takes(usd(750), on(KEY, DAY)), true)
  }),
  'settled with 0 nothing is used': seeded(async (bench) => {
    const holds = []
    for (let left = 5; left > 0; left -= 1) {
      holds.push(await bench.taken({ microUsd: 200, tokens: 7 }, on(KEY, DAY), on(ACCOUNT, DAY)))
      await bench.wait(30_500)
    }
    for (const hold of holds) await bench.counters.settleHold(hold, usd(0))
    const caps = [DAY, MONTH, cap('day', 1, 'tokens'), cap('minute', 1, 'tokens')]
    assert.deepEqual(await bench.used(KEY, ...caps), [0, 0, 0, 0])
    assert.deepEqual(await bench.used(ACCOUNT, ...caps), [0, 0, 0, 0])
  }),
  'a cost above the hold is counted even above the cap': seeded(async (bench) => {
    const hold = await bench.taken(usd(400), on(KEY, DAY))
    await bench.counters.settleHold(hold, usd(1300))
    assert.deepEqual(await bench.used(KEY, DAY), [1300])
    assert.deepEqual(await bench.takes(usd(1), on(KEY, DAY)), false)
  }),
  'a hold that nobody took is not settled': seeded(async (bench) => {
    await bench.taken(usd(400), on(KEY, DAY))
    const atMs = await bench.nowMs()
    const unknown = { id: 'unknown', atMs, charges: [on(KEY), on('skUnseeded')] }
    await bench.counters.settleHold(unknown, usd(100))
    assert.deepEqual(await bench.used(KEY, DAY), [400])
    assert.deepEqual(await bench.used('skUnseeded', DAY), [0])
  }),
  'settling a call and settling its hold are two things': seeded(async (bench) => {
    const minute = charge([sliding('minute', 2)])
    const hold = bench.hold(usd(10), on(KEY, DAY))
    const outcome = await bench.counters.consume({ charges: [minute], hold })
    if (outcome.kind !== 'admitted') throw new Error(`expected an admission, got ${outcome.kind}`)
    await bench.counters.settle(outcome.receipt, [0])
    assert.deepEqual(await bench.used(KEY, DAY), [10])
    await bench.counters.settleHold({ ...hold, atMs: outcome.receipt.atMs }, usd(0))
    assert.deepEqual(await bench.used(KEY, DAY), [0])
  }),
  'a cost that is not whole or is below 0 changes nothing': seeded(async (bench) => {
    const hold = await bench.taken(usd(400), on(KEY, DAY))
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
      const settle = async (): Promise<void> => await bench.counters.settleHold(hold, usd(wrong))
      assert.deepEqual(await codeOf(settle), 'invalid_field')
    }
    assert.deepEqual(await bench.used(KEY, DAY), [400])
  }),
}

/** How long to wait so that the next three days lie in one month. */
async function untilNextMonthIsFar(bench: SpendBench): Promise<number> {
  const today = new Date(await bench.nowMs()).getUTCDate()
  return today > 25 ? 8 * DAY_MS : 0
}
