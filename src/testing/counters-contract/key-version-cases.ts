/** How a decision learns that its key has changed. */
import assert from 'node:assert/strict'
import type { ConsumeOutcome } from '../../core/ports/counters.ts'
import { type Cases, charge, sliding } from './bench.ts'

export const VERSIONS: Cases = {
  'a caller with an older version is told and charged nothing': async (bench) => {
    const minute = charge([sliding('minute', 5)])
    const consume = async (version: number): Promise<ConsumeOutcome> =>
      await bench.counters.consume({ charges: [minute], key: { keyId: '7Hq2mZ9x', version } })
    assert.deepEqual((await consume(1)).kind, 'admitted')
    await bench.counters.setKeyVersion('7Hq2mZ9x', 2)
    assert.deepEqual(await consume(1), { kind: 'stale-key', version: 2 })
    assert.deepEqual((await bench.status(minute))?.remaining, 4)
    assert.deepEqual((await consume(2)).kind, 'admitted')
    assert.deepEqual((await consume(3)).kind, 'admitted')
  },
  'versions only grow': async (bench) => {
    await bench.counters.setKeyVersion('7Hq2mZ9x', 5)
    await bench.counters.setKeyVersion('7Hq2mZ9x', 3)
    const key = { keyId: '7Hq2mZ9x', version: 4 }
    const outcome = await bench.counters.consume({ charges: [], key })
    assert.deepEqual(outcome, { kind: 'stale-key', version: 5 })
    const other = { keyId: '7Hq2mZ9y', version: 1 }
    assert.deepEqual((await bench.counters.peek({ charges: [], key: other })).kind, 'admitted')
  },
}
