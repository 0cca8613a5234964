/** A subject that is known is seeded anew: what is too new for the ledger is neither lost nor doubled. */
import assert from 'node:assert/strict'
import { type Cases, MINUTE_MS } from './bench.ts'
import { cap, KEY, on, seeded, usd } from './spend-bench.ts'

const DAY = cap('day', 1000)
const MONTH = cap('month', 1000)

export const RESEEDS: Cases = {
  'a new seed replaces sums and holds, but not holds that are too new for it': seeded(
    async (bench) => {
      const settled = await bench.taken(usd(100), on(KEY))
      await bench.counters.settleHold(settled, usd(77))
      await bench.taken(usd(200), on(KEY))
      const known = await bench.taken(usd(30), on(KEY))
      await bench.wait(500)
      const young = await bench.taken(usd(4), on(KEY))
      await bench.wait(500)
      const { id, atMs } = known
      await bench.seed(KEY, { open: [{ id, atMs, ...usd(30) }] })
      assert.deepEqual(await bench.used(KEY, DAY), [34])
      await bench.counters.settleHold(known, usd(10))
      await bench.counters.settleHold(young, usd(1))
      assert.deepEqual(await bench.used(KEY, DAY), [11])
    },
  ),
  'holds that are new and known are not counted twice': seeded(async (bench) => {
    const { id, atMs } = await bench.taken(usd(400), on(KEY))
    await bench.wait(1)
    await bench.seed(KEY, { open: [{ id, atMs, ...usd(400) }] })
    assert.deepEqual(await bench.used(KEY, DAY), [400])
    await bench.counters.settleHold({ id, atMs, charges: [on(KEY)] }, usd(0))
    assert.deepEqual(await bench.used(KEY, DAY), [0])
  }),
  'a call that one seed told of and the next does not has ended': seeded(async (bench) => {
    await bench.wait(10)
    const atMs = await bench.nowMs()
    await bench.seed(KEY, { open: [{ id: 'of another process', atMs, ...usd(400) }] })
    assert.deepEqual(await bench.used(KEY, DAY), [400])
    await bench.wait(10)
    await bench.seed(KEY, { minutes: [{ startMs: atMs - (atMs % MINUTE_MS), ...usd(15) }] })
    assert.deepEqual(await bench.used(KEY, DAY), [15])
  }),
  'a call that was settled before the ledger knew is not held again': seeded(async (bench) => {
    const hold = await bench.taken(usd(400), on(KEY))
    const { id, atMs } = hold
    await bench.wait(2000)
    await bench.counters.settleHold(hold, usd(15))
    await bench.wait(1000)
    await bench.seed(KEY, { open: [{ id, atMs, ...usd(400) }] })
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [15, 15])
    await bench.counters.settleHold(hold, usd(0))
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [15, 15])
  }),
  'a call that began and ended after the ledger was read is not lost': seeded(async (bench) => {
    await bench.wait(10)
    const seed = await bench.seedOf(KEY)
    const hold = await bench.taken(usd(400), on(KEY))
    await bench.wait(20)
    await bench.counters.settleHold(hold, usd(15))
    await bench.wait(20)
    await bench.counters.seed([seed])
    assert.deepEqual(await bench.used(KEY, DAY, MONTH), [15, 15])
  }),
  'a seed that was read too long ago changes nothing': seeded(async (bench) => {
    await bench.wait(10)
    const seed = await bench.seedOf(KEY)
    const hold = await bench.taken(usd(400), on(KEY))
    await bench.counters.settleHold(hold, usd(15))
    await bench.wait(5000)
    await bench.counters.seed([seed])
    assert.deepEqual(await bench.used(KEY, DAY), [15])
  }),
}
