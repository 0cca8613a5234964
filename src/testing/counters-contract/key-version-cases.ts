/** How a decision learns that its key has changed. */
import type { ConsumeOutcome } from '../../core/ports/counters.ts'
import { type Cases, charge, sliding } from './bench.ts'

export const VERSIONS: Cases = {
  'a caller with an older version is told and charged nothing': async (bench, expect) => {
    const minute = charge([sliding('minute', 5)])
    const consume = async (version: number): Promise<ConsumeOutcome> =>
      await bench.counters.consume({ charges: [minute], key: { keyId: '7Hq2mZ9x', version } })
    expect((await consume(1)).kind).toEqual('admitted')
    await bench.counters.setKeyVersion('7Hq2mZ9x', 2)
    expect(await consume(1)).toEqual({ kind: 'stale-key', version: 2 })
    expect((await bench.status(minute))?.remaining).toEqual(4)
    expect((await consume(2)).kind).toEqual('admitted')
    expect((await consume(3)).kind).toEqual('admitted')
  },
  'versions only grow': async (bench, expect) => {
    await bench.counters.setKeyVersion('7Hq2mZ9x', 5)
    await bench.counters.setKeyVersion('7Hq2mZ9x', 3)
    const key = { keyId: '7Hq2mZ9x', version: 4 }
    const outcome = await bench.counters.consume({ charges: [], key })
    expect(outcome).toEqual({ kind: 'stale-key', version: 5 })
    const other = { keyId: '7Hq2mZ9y', version: 1 }
    expect((await bench.counters.peek({ charges: [], key: other })).kind).toEqual('admitted')
  },
}
