import { describe, test } from 'vitest'
import { countersContract } from '../../testing/counters-contract.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters } from './index.ts'

countersContract({ describe, test }, async () => {
  const clock = createTestClock()
  const counters = createMemoryCounters({ clock })
  return { counters, advanceMs: (ms) => clock.advance(ms), close: () => counters.close() }
})
