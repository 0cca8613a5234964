/**
 * One instance's counters: the program of a process of its own, that holds money as its parent asks over
 * IPC (`spend.ts`). Arguments: the URL of Redis, the prefix of its keys. It ends with its parent.
 */
import type { ConsumeOutcome, Counters, Hold, SpendCharge } from '../../src/core/ports/counters.ts'
import type { Amount } from '../../src/core/spend/amount.ts'
import { monthStartMs } from '../../src/core/spend/month.ts'
import { createRedisCounters } from '../../src/counters/redis/index.ts'
import { connectionTo } from '../counters/rig.ts'

/** So many callers at once, each of whom wants that much. */
export interface Storm {
  readonly callers: number
  readonly amount: Amount
  readonly charges: readonly SpendCharge[]
}

export interface StormResult {
  /** The holds that were taken. */
  readonly taken: readonly string[]
  /** What became of the others: the cap that refused, or what is wrong. */
  readonly refused: readonly string[]
}

const [redisUrl = '', keyPrefix = ''] = process.argv.slice(2)
const counters: Counters = createRedisCounters({
  connection: await connectionTo(redisUrl),
  keyPrefix,
})

/** Nobody has seeded the subjects: all instances do when they learn of it, from an empty ledger. */
async function play({ callers, amount, charges }: Storm): Promise<StormResult> {
  const readAtMs = await counters.nowMs()
  const month = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
  const seeds = charges.map(({ subject }) => ({ subject, readAtMs, minutes: [], month, open: [] }))
  const call = async (): Promise<[Hold, ConsumeOutcome]> => {
    const hold = { id: crypto.randomUUID(), amount, charges, seededSinceMs: 0 }
    const first = await counters.consume({ charges: [], hold })
    if (first.kind !== 'unseeded') return [hold, first]
    await counters.seed(seeds)
    return [hold, await counters.consume({ charges: [], hold })]
  }
  const calls = await Promise.all(Array.from({ length: callers }, call))
  return {
    taken: calls.flatMap(([{ id }, { kind }]) => (kind === 'admitted' ? [id] : [])),
    refused: calls.flatMap(([, outcome]) => {
      if (outcome.kind === 'admitted') return []
      return [outcome.kind === 'refused' ? outcome.limitName : outcome.kind]
    }),
  }
}

/** Where the parent has gone, 'disconnect' ends this process. */
function tell(result: StormResult | 'ready'): void {
  process.send?.(result, undefined, undefined, () => undefined)
}

process.on('message', (storm: Storm) => {
  play(storm).then(
    (result) => tell(result),
    (error: unknown) => tell({ taken: [], refused: [String(error)] }),
  )
})
process.on('disconnect', () => process.exit())
tell('ready')
