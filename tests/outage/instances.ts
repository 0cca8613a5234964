/** Several instances of Lockgate, as far as counters go, in one process on one counter server. */
import { vi } from 'vitest'
import type { Limit } from '../../src/core/limits/limit.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import {
  createOutageCounters,
  type OutageCounters,
  type OutageCountersOptions,
} from '../../src/engine/outage/outage-counters.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'
import { PluggableServer } from './pluggable-server.ts'

const STEP_MS = 25

export interface Instances {
  readonly clock: TestClock
  readonly server: PluggableServer
  readonly counters: readonly OutageCounters[]
  readonly logged: string[]
  /** The same time passes for clocks and timers. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** Timers are fake from here until `close`. All instances know each other. */
export async function startInstances(
  count: number,
  options: Partial<OutageCountersOptions> = {},
): Promise<Instances> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const clock = createTestClock()
  const server = new PluggableServer(clock)
  const logged: string[] = []
  const note = (_fields: object, message: string): void => void logged.push(message)
  const counters = Array.from({ length: count }, (_, index) =>
    createOutageCounters({
      ...{ shared: server.connect(), local: createMemoryCounters({ clock }), clock },
      ...{ policy: 'local', instanceId: `instance-${index}`, deadlineMs: 250 },
      log: { debug: note, info: note, warn: note, error: note },
      ...options,
    }),
  )
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      const stepMs = Math.min(left, STEP_MS)
      clock.advance(stepMs)
      await vi.advanceTimersByTimeAsync(stepMs)
      await new Promise((turned) => setImmediate(turned))
    }
  }
  const warmUp: readonly Limit[] = Object.freeze([])
  for (const one of counters) {
    await one.consume({ charges: [{ subject: 'kwarm-up-', limits: warmUp, cost: 1 }] })
  }
  await pass(1_000)
  return {
    ...{ clock, server, counters, logged, pass },
    async close() {
      await Promise.all(counters.map((one) => one.close()))
      vi.useRealTimers()
    },
  }
}
