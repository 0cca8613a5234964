/** A real gate whose calls of the store and of the counters are counted by name. */
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import { createGate } from '../../src/engine/create-gate.ts'
import type { Gate } from '../../src/engine/gate.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'

export interface ObservedGate {
  readonly gate: Gate
  readonly clock: TestClock
  /** How often `store.findKey`, `counters.consume` … were called since the last `forget`. */
  calls(name: string): number
  /** Every call of the store that reads or writes its data. */
  storeCalls(): number
  forget(): void
}

/** Hashing with the least that argon2id takes: what is counted is how often, not how long. */
export const QUICK_HASH = Object.freeze({
  argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 },
})
const silent = { debug() {}, info() {}, warn() {}, error() {} }
/** Reads a number that SQLite keeps in memory; no query. */
const NO_QUERY = 'store.externalRevision'

export async function openObservedGate(config: LockgateConfig = {}): Promise<ObservedGate> {
  const counts = new Map<string, number>()
  const clock = createTestClock()
  const settings = resolveSettings({ keys: QUICK_HASH, ...config }, {}, {})
  const gate = await createGate({
    ...settings,
    store: counting('store', await openSqliteStore({ path: ':memory:' }), counts),
    counters: counting('counters', createMemoryCounters({ clock }), counts),
    ...{ clock, log: silent, actor: 'test' },
  })
  return {
    gate,
    clock,
    calls: (name) => counts.get(name) ?? 0,
    storeCalls: () =>
      [...counts]
        .filter(([name]) => name.startsWith('store.') && name !== NO_QUERY)
        .reduce((sum, [, count]) => sum + count, 0),
    forget: () => counts.clear(),
  }
}

/** The target is empty because parts are frozen. */
function counting<Part extends object>(
  name: string,
  part: Part,
  counts: Map<string, number>,
): Part {
  return new Proxy({} as Part, {
    has: (_, member) => member in part,
    get(_, member) {
      const value: unknown = Reflect.get(part, member)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        const called = `${name}.${String(member)}`
        counts.set(called, (counts.get(called) ?? 0) + 1)
        return Reflect.apply(value, part, args)
      }
    },
  })
}
