/** Usage that is saved and loaded again decides as if the process had never stopped. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Limit } from '../../core/limits/limit.ts'
import type { ConsumeOutcome, Receipt, UsageDelta } from '../../core/ports/counters.ts'
import { addressSubject, keySubject, routeSubject } from '../../core/subject.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createMemoryCounters, type MemoryCounters } from './index.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const DAY_MS = 86_400_000
const KEY = keySubject('7Hq2mZ9x')

const windows = fc.constantFrom(10, 1000, 60_000, DAY_MS, 20 * DAY_MS, 366 * DAY_MS)
const slidingLimit = fc
  .tuple(fc.integer({ min: 1, max: 9 }), windows, fc.nat(5), fc.integer({ min: 1, max: 100 }))
  .map(([quota, windowMs, extraQuota, part]) => ({
    quota,
    windowMs,
    algorithm: 'sliding-window' as const,
    ...(extraQuota === 0 ? {} : { burst: { extraQuota, durationMs: (windowMs / 100) * part } }),
  }))
  .map(({ burst, ...limit }) =>
    burst === undefined
      ? limit
      : { ...limit, burst: { ...burst, durationMs: Math.ceil(burst.durationMs) } },
  )
const meteredLimit = fc.record({
  quota: fc.integer({ min: 1, max: 9 }),
  windowMs: windows,
  algorithm: fc.constantFrom('token-bucket', 'leaky-bucket', 'fixed-window'),
})
const lists = (limit: fc.Arbitrary<Omit<Limit, 'name'>>): fc.Arbitrary<readonly Limit[]> =>
  fc
    .array(limit, { minLength: 1, maxLength: 3 })
    .map((limits) => limits.map((one, index) => ({ ...one, name: `limit-${index}` })))
const anyLimits = lists(fc.oneof(slidingLimit, meteredLimit))

const traces = fc.array(
  fc.record({
    waitMs: fc.oneof(
      fc.constant(0),
      fc.nat(30),
      fc.nat(90_000),
      fc.nat(2 * DAY_MS),
      fc.nat(300 * DAY_MS),
    ),
    cost: fc.integer({ min: 1, max: 3 }),
    save: fc.boolean(),
    settle: fc.option(fc.nat(6), { freq: 5 }),
  }),
  { maxLength: 50 },
)
type Trace = typeof traces extends fc.Arbitrary<infer T> ? T : never
type Clock = ReturnType<typeof createTestClock>

function consume(counters: MemoryCounters, limits: readonly Limit[], cost: number): ConsumeOutcome {
  const affordable = Math.min(cost, ...limits.map((limit) => limit.quota))
  return counters.consume({ charges: [{ subject: KEY, limits, cost: affordable }] })
}

/** An outcome without its receipt. */
function seen(outcome: ConsumeOutcome): unknown {
  return outcome.kind === 'admitted' ? { kind: outcome.kind, limits: outcome.limits } : outcome
}

/**
 * Plays a trace and returns all that was saved. Charges are only corrected before they are saved,
 * and upwards.
 */
function play(
  clock: Clock,
  counters: MemoryCounters,
  limits: readonly Limit[],
  trace: Trace,
): UsageDelta[] {
  const saved: UsageDelta[] = []
  let unsaved: Receipt[] = []
  for (const { waitMs, cost, save, settle } of trace) {
    clock.advance(waitMs)
    const outcome = consume(counters, limits, cost)
    if (outcome.kind === 'admitted') unsaved.push(outcome.receipt)
    const settled = settle === null ? undefined : unsaved.splice(settle, 1)[0]
    if (settled !== undefined) counters.settle(settled, [settle === 0 ? 0 : 1])
    if (!save) continue
    saved.push(...JSON.parse(JSON.stringify(counters.takeUsage())))
    unsaved = []
  }
  saved.push(...counters.takeUsage())
  return saved.filter((delta) => delta.expiresAtMs > clock.monotonicMs())
}

/** The same trace on both counters gives the same answers. */
function expectEqual(
  clock: Clock,
  one: MemoryCounters,
  other: MemoryCounters,
  limits: readonly Limit[],
  trace: Trace,
): void {
  for (const { waitMs, cost } of trace) {
    clock.advance(waitMs)
    expect(seen(consume(other, limits, cost))).toEqual(seen(consume(one, limits, cost)))
  }
}

describe('restored usage', () => {
  test('decides exactly as before', () => {
    fc.assert(
      fc.property(anyLimits, traces, traces, (limits, before, after) => {
        const clock = createTestClock()
        const counters = createMemoryCounters({ clock })
        const saved = play(clock, counters, limits, before)
        const restored = createMemoryCounters({ clock })
        restored.restoreUsage(saved)
        expectEqual(clock, counters, restored, limits, after)
      }),
      { numRuns: RUNS },
    )
  })

  test('decides as before also when the limits changed in between', () => {
    fc.assert(
      fc.property(
        lists(slidingLimit),
        anyLimits,
        traces,
        traces,
        (limits, other, before, after) => {
          const clock = createTestClock()
          const counters = createMemoryCounters({ clock })
          const saved = play(clock, counters, limits, before)
          const restored = createMemoryCounters({ clock })
          restored.restoreUsage(saved)
          expectEqual(clock, counters, restored, other, after)
        },
      ),
      { numRuns: RUNS },
    )
  })

  test('decides as before over any number of restarts', () => {
    fc.assert(
      fc.property(anyLimits, traces, traces, traces, (limits, first, second, third) => {
        const clock = createTestClock()
        const counters = createMemoryCounters({ clock })
        const saved = play(clock, counters, limits, first)
        const once = createMemoryCounters({ clock })
        once.restoreUsage(saved)
        saved.push(...play(clock, once, limits, second))
        const twice = createMemoryCounters({ clock })
        twice.restoreUsage(saved.filter((delta) => delta.expiresAtMs > clock.monotonicMs()))
        expectEqual(clock, once, twice, limits, third)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a checkpoint', () => {
  const day: readonly Limit[] = [
    { name: 'day', quota: 1000, windowMs: DAY_MS, algorithm: 'sliding-window' },
  ]

  test('holds only what was admitted since the last one', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock })
    for (let left = 500; left > 0; left -= 1) consume(counters, day, 1)
    expect(counters.takeUsage().map((delta) => delta.admissionsMs.length)).toEqual([500])
    expect(counters.takeUsage()).toEqual([])
    clock.advance(1000)
    consume(counters, day, 2)
    const atMs = clock.monotonicMs()
    expect(counters.takeUsage()).toEqual([
      { subject: KEY, admissionsMs: [atMs, atMs], expiresAtMs: atMs + DAY_MS, meters: {} },
    ])
  })

  test('holds keys and their routes, never addresses', () => {
    const counters = createMemoryCounters({ clock: createTestClock() })
    for (const subject of [KEY, routeSubject('7Hq2mZ9x', 'chat'), addressSubject('10.0.0.1')]) {
      counters.consume({ charges: [{ subject, limits: day, cost: 1 }] })
    }
    const subjects = counters.takeUsage().map((delta) => delta.subject)
    expect(subjects).toEqual([KEY, routeSubject('7Hq2mZ9x', 'chat')])
  })

  test('never saves what was given back before it', () => {
    const counters = createMemoryCounters({ clock: createTestClock() })
    const outcome = consume(counters, day, 3)
    consume(counters, day, 1)
    if (outcome.kind === 'admitted') counters.settle(outcome.receipt, [1])
    expect(counters.takeUsage().flatMap((delta) => delta.admissionsMs).length).toBe(2)
  })

  test('counts what is given back after it until it leaves the window: never too much', () => {
    const clock = createTestClock()
    const counters = createMemoryCounters({ clock })
    const outcome = consume(counters, day, 400)
    const saved = counters.takeUsage()
    if (outcome.kind === 'admitted') counters.settle(outcome.receipt, [0])
    saved.push(...counters.takeUsage())
    consume(counters, day, 2)
    saved.push(...counters.takeUsage())
    const restored = createMemoryCounters({ clock })
    restored.restoreUsage(saved)
    expect(consume(restored, day, 599).kind).toBe('refused')
    expect(consume(restored, day, 598).kind).toBe('admitted')
    expect(consume(counters, day, 998).kind).toBe('admitted')
  })

  test('without meters leaves those of the one before', () => {
    const clock = createTestClock()
    const bucket: readonly Limit[] = [
      { name: 'bucket', quota: 5, windowMs: DAY_MS, algorithm: 'token-bucket' },
    ]
    const counters = createMemoryCounters({ clock })
    consume(counters, bucket, 5)
    const saved = counters.takeUsage()
    const restored = createMemoryCounters({ clock })
    restored.restoreUsage([...saved, ...saved.map((delta) => ({ ...delta, meters: {} }))])
    expect(consume(restored, bucket, 1).kind).toBe('refused')
  })

  test('takes times in the future as now, and leaves out meters that make no sense', () => {
    const clock = createTestClock(1_750_000_000_000)
    const counters = createMemoryCounters({ clock })
    const minute: readonly Limit[] = [
      { name: 'minute', quota: 2, windowMs: 60_000, algorithm: 'sliding-window' },
      { name: 'bucket', quota: 2, windowMs: 60_000, algorithm: 'token-bucket' },
    ]
    const laterMs = clock.monotonicMs() + DAY_MS
    counters.restoreUsage([
      {
        subject: KEY,
        admissionsMs: [laterMs, laterMs],
        expiresAtMs: laterMs + 60_000,
        meters: { bucket: [2, 2, 60_000, Number.NaN, 1, 1, 1], minute: [9] },
      },
    ])
    expect(consume(counters, minute, 1).kind).toBe('refused')
    clock.advance(59_999)
    expect(consume(counters, minute, 1).kind).toBe('refused')
    clock.advance(1)
    expect(consume(counters, minute, 2).kind).toBe('admitted')
  })
})
