/**
 * One random trace, played on counters in memory and on Redis at the same time: every answer must be
 * the same. Traces mix all algorithms, bursts, costs, several subjects in one request, peeks, caps on
 * requests in flight, corrections in both directions, and waits that end on the edges of windows.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/core/limits/limit.ts'
import type { Charge, ConsumeOutcome, Receipt } from '../../src/core/ports/counters.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import type { CountersForm, RedisConnection } from '../../src/counters/redis/index.ts'
import { countersOn } from './rig.ts'

const window = fc.constantFrom(1, 7, 1000, 10_000, 60_000, 86_400_000, 40 * 86_400_000)

const slidingLimit = fc
  .record({ quota: fc.integer({ min: 1, max: 90 }), window, extra: fc.nat(9), part: fc.nat(100) })
  .map(({ quota, window: windowMs, extra, part }): Limit => {
    const limit = { name: '', quota, windowMs, algorithm: 'sliding-window' } as const
    if (extra < 4) return limit
    const durationMs = Math.max(1, Math.ceil((windowMs * part) / 100))
    return { ...limit, burst: { extraQuota: extra, durationMs } }
  })

const meteredLimit: fc.Arbitrary<Limit> = fc.record({
  name: fc.constant(''),
  quota: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 999_999_000, max: 1e9 })),
  windowMs: window,
  algorithm: fc.constantFrom('token-bucket', 'leaky-bucket', 'fixed-window'),
})

const limits = fc
  .array(fc.oneof({ arbitrary: slidingLimit, weight: 3 }, meteredLimit), {
    minLength: 1,
    maxLength: 4,
  })
  .map((list): readonly Limit[] => list.map((limit, index) => ({ ...limit, name: `l${index}` })))

const subject = fc.record({ limits, maxConcurrent: fc.option(fc.integer({ min: 1, max: 5 })) })

const step = fc.record({
  wait: fc.constantFrom(0, 0, 0, 0, 0, 0.01, 0.2, 0.5, 1, 1, 2),
  more: fc.integer({ min: -1, max: 1 }),
  ofLimit: fc.nat(3),
  subjects: fc.subarray([0, 1, 2], { minLength: 1 }),
  cost: fc.integer({ min: 1, max: 12 }),
  peek: fc.boolean(),
  settle: fc.option(
    fc.record({ which: fc.nat(20), actual: fc.option(fc.array(fc.nat(14), { maxLength: 3 })) }),
    { freq: 3 },
  ),
})

const NAMES = ['k7Hq2mZ9x', 'r7Hq2mZ9x/v1', 'i203.0.113.7']

/** What callers see. */
function visible(outcome: ConsumeOutcome): unknown {
  if (outcome.kind !== 'admitted') return outcome
  const { kind, receipt, limits: statuses } = outcome
  return { kind, limits: statuses, atMs: receipt.atMs }
}

export interface TraceOptions {
  readonly seed: number
  readonly traces: number
  readonly stepsPerTrace: number
}

/** Resolves with the number of answers that were compared. */
export async function sameAnswers(
  connection: RedisConnection,
  form: CountersForm,
  { seed, traces, stepsPerTrace }: TraceOptions,
): Promise<number> {
  let compared = 0
  const trace = fc.record({
    subjects: fc.tuple(subject, subject, subject),
    steps: fc.array(step, { minLength: stepsPerTrace, maxLength: stepsPerTrace }),
  })
  const property = fc.asyncProperty(trace, async ({ subjects, steps }) => {
    const rig = countersOn(connection, form)
    const memory = createMemoryCounters({ clock: rig.clock })
    const open: [Receipt, Receipt][] = []
    for (const now of steps) {
      const charges = now.subjects.map((index): Charge => {
        const { limits: list, maxConcurrent } = subjects[index] ?? {
          limits: [],
          maxConcurrent: null,
        }
        const cost = Math.min(now.cost, ...list.map((limit) => limit.quota))
        const charge = { subject: NAMES[index] ?? '', limits: list, cost }
        return maxConcurrent === null ? charge : { ...charge, maxConcurrent }
      })
      const waitOf = charges[0]?.limits[now.ofLimit % charges[0].limits.length]?.windowMs ?? 1
      await rig.advanceMs(Math.max(0, Math.floor(waitOf * now.wait) + now.more))
      const expected = memory[now.peek ? 'peek' : 'consume']({ charges })
      const actual = await rig.counters[now.peek ? 'peek' : 'consume']({ charges })
      assert.deepEqual(visible(actual), visible(expected))
      compared += 1
      if (expected.kind === 'admitted' && actual.kind === 'admitted' && !now.peek) {
        open.push([expected.receipt, actual.receipt])
      }
      const [settled] = now.settle === null ? [] : open.splice(now.settle.which, 1)
      if (settled === undefined) continue
      const actualCosts = now.settle?.actual ?? undefined
      const costs = actualCosts && settled[0].charges.map((_, index) => actualCosts[index] ?? 0)
      memory.settle(settled[0], costs)
      await rig.counters.settle(settled[1], costs)
    }
  })
  await fc.assert(property, { seed, numRuns: traces, endOnFailure: true })
  return compared
}
