/**
 * The contract of Counters as tests. Every implementation passes the same suite: pass your test
 * runner and a function that makes empty counters whose time you can move. Failed promises throw
 * AssertionErrors.
 *
 * ```ts
 * import { describe, test } from 'vitest'
 * countersContract({ describe, test }, async () => {
 *   const clock = createTestClock()
 *   const counters = createMemoryCounters({ clock })
 *   return { counters, advanceMs: (ms) => clock.advance(ms), close: () => counters.close() }
 * })
 * ```
 */
import type { ContractRunner } from './contract-runner.ts'
import { OTHER_ALGORITHMS } from './counters-contract/algorithm-cases.ts'
import { Bench, type Case, type Cases, type CountersUnderTest } from './counters-contract/bench.ts'
import { COST, PEEK, SEVERAL_LIMITS } from './counters-contract/charge-cases.ts'
import { VERSIONS } from './counters-contract/key-version-cases.ts'
import { CONCURRENCY, SETTLE } from './counters-contract/settle-cases.ts'
import { BURST, SLIDING_WINDOW } from './counters-contract/sliding-window-cases.ts'
import { HOLDS, SETTLED_HOLDS } from './counters-contract/spend-cases.ts'
import { RESEEDS } from './counters-contract/spend-reseed-cases.ts'
import { SEEDS } from './counters-contract/spend-seed-cases.ts'
import { SPEND_WINDOWS } from './counters-contract/spend-window-cases.ts'

export type { CountersUnderTest } from './counters-contract/bench.ts'

const GROUPS: Readonly<Record<string, Cases>> = {
  'sliding window': SLIDING_WINDOW,
  'several limits and charges': SEVERAL_LIMITS,
  burst: BURST,
  'other algorithms': OTHER_ALGORITHMS,
  cost: COST,
  peek: PEEK,
  settle: SETTLE,
  'requests in flight': CONCURRENCY,
  'key versions': VERSIONS,
  'holds on spend': HOLDS,
  'settled holds': SETTLED_HOLDS,
  'windows of spend': SPEND_WINDOWS,
  'seeds of spend': SEEDS,
  'seeds of what is known': RESEEDS,
}

/** Runs the suite over the counters that `makeCounters` makes, fresh for every test. */
export function countersContract(
  runner: ContractRunner,
  makeCounters: () => Promise<CountersUnderTest>,
): void {
  for (const [group, cases] of Object.entries(GROUPS)) {
    runner.describe(group, () => {
      for (const [name, body] of Object.entries(cases)) {
        runner.test(name, () => runCase(makeCounters, body))
      }
    })
  }
}

async function runCase(makeCounters: () => Promise<CountersUnderTest>, body: Case): Promise<void> {
  const under = await makeCounters()
  try {
    await body(new Bench(under))
  } finally {
    await under.close()
  }
}
