import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyActivity } from '../../core/ports/activity.ts'
import { strangenessOf } from './strange.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Half past an hour. */
const NOW_MS = 486_111 * HOUR_MS + 30 * MINUTE_MS
const THIS_HOUR_MS = 486_111 * HOUR_MS
const RULES = { newNetworks: 8, baselineFactor: 10 }

/** Requests by how many hours ago; 0 is the hour of now. */
const hoursAgo = (requests: Readonly<Record<number, number>>): KeyActivity['hours'] =>
  Object.entries(requests)
    .map(([ago, count]) => ({ startMs: THIS_HOUR_MS - Number(ago) * HOUR_MS, requests: count }))
    .sort((a, b) => a.startMs - b.startMs)

const networksSince = (count: number, firstUsedAtMs: number): KeyActivity['networks'] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ network: `10.${firstUsedAtMs % 251}.${index}.0/24`, firstUsedAtMs },
    ...{ lastUsedAtMs: NOW_MS, requests: 1 },
  }))

const BUSY_DAYS = hoursAgo(Object.fromEntries(Array.from({ length: 24 }, (_, i) => [i + 2, 50])))

function activity(overrides: Partial<KeyActivity>): KeyActivity {
  return {
    ...{ keyId: '7Hq2mZ9x', requests: 1, lastUsedAtMs: NOW_MS },
    ...{ firstUsedAtMs: NOW_MS - 3 * DAY_MS, networks: [], hours: BUSY_DAYS },
    ...overrides,
  }
}

const judge = (overrides: Partial<KeyActivity>) => strangenessOf(activity(overrides), NOW_MS, RULES)

describe('new networks', () => {
  const known = networksSince(3, NOW_MS - 2 * DAY_MS)
  const fresh = (count: number) => networksSince(count, NOW_MS - 10 * MINUTE_MS)

  test('eight within an hour are strange, and the verdict says which', () => {
    const verdict = judge({ networks: [...fresh(9), ...known] })
    expect(verdict).toMatchObject({ reason: 'new_networks', seen: 9, usual: 3 })
    expect(verdict?.networks).toEqual(fresh(8).map(({ network }) => network))
  })

  test('seven are not, nor are eight that came in the course of a day', () => {
    expect(judge({ networks: [...fresh(7), ...known] })).toBeUndefined()
    const slowly = Array.from({ length: 24 }, (_, i) =>
      networksSince(1, NOW_MS - (i * HOUR_MS) / 2),
    )
    expect(judge({ networks: slowly.flat() })).toBeUndefined()
  })

  test('an hour is an hour: what was first seen before it is known', () => {
    expect(judge({ networks: networksSince(8, NOW_MS - HOUR_MS) })).toBeUndefined()
    expect(judge({ networks: networksSince(8, NOW_MS - HOUR_MS + 1) })).toBeDefined()
  })

  test('a key of less than a day, or of less than three hours of use, raises no alarm', () => {
    const networks = fresh(64)
    expect(judge({ networks, firstUsedAtMs: NOW_MS - DAY_MS })).toBeUndefined()
    expect(judge({ networks, firstUsedAtMs: NOW_MS - DAY_MS - 1 })).toBeDefined()
    expect(judge({ networks, hours: hoursAgo({ 0: 5, 1: 5, 30: 1, 31: 1 }) })).toBeUndefined()
    expect(judge({ networks, hours: hoursAgo({ 0: 5, 30: 1, 31: 1, 32: 1 }) })).toBeDefined()
  })
})

describe('rate', () => {
  const twelve = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i + 20, 50]))

  test('ten times the mean busy hour is strange; quiet hours between do not lower the mean', () => {
    expect(judge({ hours: hoursAgo({ ...twelve, 0: 499 }) })).toBeUndefined()
    expect(judge({ hours: hoursAgo({ ...twelve, 0: 500 }) })).toEqual({
      ...{ reason: 'rate', seen: 500, usual: 50, networks: [] },
    })
  })

  test('the hour before is judged, too, so that its last minutes are not passed over', () => {
    expect(judge({ hours: hoursAgo({ ...twelve, 1: 500 }) })).toMatchObject({ seen: 500 })
    expect(judge({ hours: hoursAgo({ ...twelve, 2: 500 }) })).toBeUndefined()
  })

  test('eleven busy hours are too few to know what is usual, and older ones do not count', () => {
    const eleven = hoursAgo({ ...twelve, 20: 0, 0: 100_000 })
    expect(judge({ hours: eleven })).toBeUndefined()
    expect(judge({ hours: [...hoursAgo({ [8 * 24 + 1]: 50 }), ...eleven] })).toBeUndefined()
    expect(judge({ hours: [...hoursAgo({ [8 * 24]: 50 }), ...eleven] })).toBeDefined()
  })

  test('below a hundred requests nothing is strange, however quiet the key was', () => {
    const quiet = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i + 20, 1]))
    expect(judge({ hours: hoursAgo({ ...quiet, 0: 99 }) })).toBeUndefined()
    expect(judge({ hours: hoursAgo({ ...quiet, 0: 100 }) })).toMatchObject({ seen: 100, usual: 1 })
  })
})

/** Every request of a key as `[time, network]`; what the store would make of them. */
type Trace = readonly (readonly [atMs: number, network: number])[]

function recorded(trace: Trace): KeyActivity {
  const times = trace.map(([atMs]) => atMs)
  const hours = Map.groupBy(times, (atMs) => Math.floor(atMs / HOUR_MS) * HOUR_MS)
  const networks = Map.groupBy(trace, ([, network]) => network)
  return {
    ...{ keyId: '7Hq2mZ9x', requests: trace.length },
    ...{ firstUsedAtMs: Math.min(...times), lastUsedAtMs: Math.max(...times) },
    hours: [...hours]
      .map(([startMs, all]) => ({ startMs, requests: all.length }))
      .sort((a, b) => a.startMs - b.startMs),
    networks: [...networks].map(([network, uses]) => ({
      network: `10.0.${network}.0/24`,
      firstUsedAtMs: Math.min(...uses.map(([atMs]) => atMs)),
      lastUsedAtMs: Math.max(...uses.map(([atMs]) => atMs)),
      requests: uses.length,
    })),
  }
}

/** The rules as they are documented, counted out request by request. */
function naive(trace: Trace, rules: typeof RULES): 'new_networks' | 'rate' | undefined {
  const first = Math.min(...trace.map(([atMs]) => atMs))
  const isBefore = (network: number) =>
    trace.some(([atMs, other]) => other === network && atMs <= NOW_MS - HOUR_MS)
  const lastHour = trace.filter(([atMs]) => atMs > NOW_MS - HOUR_MS)
  const fresh = new Set(lastHour.map(([, network]) => network).filter((it) => !isBefore(it)))
  const hourOf = (atMs: number) => Math.floor(atMs / HOUR_MS)
  const ended = trace.filter(([atMs]) => (hourOf(atMs) + 1) * HOUR_MS <= NOW_MS - HOUR_MS)
  const usedHours = new Set(ended.map(([atMs]) => hourOf(atMs)))
  const isOld = NOW_MS - first > DAY_MS && usedHours.size >= 3
  if (isOld && fresh.size >= rules.newNetworks) return 'new_networks'
  for (const hour of [hourOf(NOW_MS), hourOf(NOW_MS) - 1]) {
    const seen = trace.filter(([atMs]) => hourOf(atMs) === hour).length
    const before = trace.filter(([at]) => hourOf(at) < hour && hourOf(at) >= hour - 8 * 24)
    const busyHours = new Set(before.map(([atMs]) => hourOf(atMs))).size
    const isMuch = seen >= 100 && seen * busyHours >= rules.baselineFactor * before.length
    if (busyHours >= 12 && isMuch) return 'rate'
  }
  return undefined
}

const hourOfUse = fc.record({
  ago: fc.oneof(
    fc.constantFrom(0, 1, 2, 3, 24, 25, 191, 192, 193),
    fc.integer({ min: 0, max: 200 }),
  ),
  requests: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 90, max: 160 })),
  firstMinute: fc.integer({ min: 0, max: 59 }),
  networks: fc.integer({ min: 1, max: 12 }),
  firstNetwork: fc.integer({ min: 0, max: 20 }),
})
/** Hours of little use in a row, which make a baseline. */
const baseline = fc.record({
  hours: fc.integer({ min: 0, max: 20 }),
  ago: fc.integer({ min: 1, max: 200 }),
  requests: fc.integer({ min: 1, max: 8 }),
})
const traces = fc.tuple(fc.array(hourOfUse, { maxLength: 6 }), baseline).map(([uses, quiet]) => {
  const quietHours = Array.from({ length: quiet.hours }, (_, index) => ({
    ...{ ago: quiet.ago + index, requests: quiet.requests },
    ...{ firstMinute: 7, networks: 1, firstNetwork: 0 },
  }))
  const trace = [...uses, ...quietHours].flatMap(
    ({ ago, requests, firstMinute, networks, firstNetwork }) =>
      Array.from({ length: requests }, (_, index): [number, number] => [
        THIS_HOUR_MS - ago * HOUR_MS + firstMinute * MINUTE_MS + index,
        firstNetwork + (index % networks),
      ]),
  )
  const past = trace.filter(([atMs]) => atMs <= NOW_MS)
  return past.length > 0 ? past : [[NOW_MS, 0] as const]
})
const rules = fc.record({
  newNetworks: fc.integer({ min: 2, max: 12 }),
  baselineFactor: fc.integer({ min: 2, max: 20 }),
})

test('the verdict is that of the rules counted out request by request', () => {
  const seen = new Set<string | undefined>()
  fc.assert(
    fc.property(traces, rules, (trace, chosen) => {
      const expected = naive(trace, chosen)
      seen.add(expected)
      expect(strangenessOf(recorded(trace), NOW_MS, chosen)?.reason).toBe(expected)
    }),
    { numRuns: RUNS },
  )
  // Otherwise the traces would prove nothing.
  if (RUNS >= 1000) expect(seen).toEqual(new Set([undefined, 'new_networks', 'rate']))
})

test('a key that was first used within a day and twelve hours of use is never strange', () => {
  const young = traces.map((trace) => trace.filter(([atMs]) => atMs > NOW_MS - 12 * HOUR_MS))
  fc.assert(
    fc.property(young, rules, (trace, chosen) => {
      fc.pre(trace.length > 0)
      expect(strangenessOf(recorded(trace), NOW_MS, chosen)).toBeUndefined()
    }),
    { numRuns: RUNS },
  )
})
