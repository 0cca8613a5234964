import { expect, test } from 'vitest'
import type { ScenarioName } from '../nights.ts'
import { brokenPromises } from './checks.ts'
import { SCENARIOS } from './scenarios.ts'
import { type ScenarioResult, Tally } from './tally.ts'
import {
  FLOOD_CALLS,
  floodTrace,
  incidentTrace,
  MINUTES,
  SCRAPER_CALLS,
  START_MS,
  USERS,
} from './trace.ts'

test('the trace is the same for the same seed and has every call in order', () => {
  const trace = incidentTrace(7)
  expect(trace).toEqual(incidentTrace(7))
  expect(trace).not.toEqual(incidentTrace(8))
  expect(trace.filter(({ caller }) => caller === 0)).toHaveLength(SCRAPER_CALLS)
  expect(new Set(trace.map(({ caller }) => caller)).size).toBe(USERS + 1)
  expect(trace[0]).toEqual({ atMs: START_MS, caller: 0 })
  expect(trace.every(({ atMs }, index) => atMs >= (trace[index - 1]?.atMs ?? 0))).toBe(true)
  expect(trace.at(-1)?.atMs).toBeLessThan(START_MS + MINUTES * 60_000)
})

test('the flood has the same users, and a scraper without a pause', () => {
  const ofUsers = (calls: readonly { readonly caller: number }[]) =>
    calls.filter(({ caller }) => caller !== 0)
  const flood = floodTrace(7)
  expect(ofUsers(flood)).toEqual(ofUsers(incidentTrace(7)))
  expect(flood).toHaveLength(FLOOD_CALLS + ofUsers(flood).length)
  expect(flood.at(-1)?.atMs).toBeLessThan(START_MS + MINUTES * 60_000)
})

test('a window holds what is less than a window old', () => {
  const tally = new Tally()
  for (const atMs of [0, 59_999, 60_000]) tally.add(atMs, 200)
  tally.add(60_000, 429)
  const { sent, reached, worstMinute, worstDay } = tally.outcome()
  expect({ sent, reached, worstMinute, worstDay }).toEqual({
    ...{ sent: 4, reached: 3, worstMinute: 2, worstDay: 3 },
  })
})

const outcome = (sent: number, reached: number) => ({
  ...{ sent, reached, statuses: new Map([[429, sent - reached]]), costMicroUsd: reached * 6_600 },
  ...{ worstMinute: reached, worstDay: reached },
})

function resultOf(
  name: ScenarioName,
  [reached, counted]: readonly [reached: number, counted: number],
  more: Partial<ScenarioResult> = {},
): ScenarioResult {
  const scenario = SCENARIOS.find((known) => known.name === name)
  if (scenario === undefined) throw new Error(name)
  return {
    ...{ scenario, scraper: outcome(SCRAPER_CALLS, reached), users: outcome(10, 9) },
    audit: { rows: 1, limitExceeded: counted, spendExceeded: 0, byLimit: new Map(), intact: false },
    ...{ ledgerMicroUsd: null, elapsedMs: 1, ...more },
  }
}

test('answers that waited tell less of when their calls were admitted, and accuse nobody', () => {
  const tally = new Tally()
  tally.add(1_000, 200, 1_000)
  tally.add(60_000, 200, 10)
  expect(tally.outcome().worstMinute).toBe(1)
})

test('every promise that a result breaks is named', () => {
  const results = [resultOf('no-key', [1, 0]), resultOf('one-key', [1_001, 46_200])]
  expect(brokenPromises(results, SCENARIOS)).toEqual([
    'no-key: 1 call got in without a key',
    'no-key: refused 1 call of users',
    'no-key: the audit counts 0 of 47,200 429s',
    "no-key: the audit's chain is broken",
    'one-key: 1,001 calls got in within 60 s',
    'one-key: 1,001 calls got in within 24 h',
    'one-key: refused 1 call of users',
    "one-key: the audit's chain is broken",
    'not every scenario was run',
  ])
})

test('a cap that is passed by a call is a broken promise, and so is a ledger that tells otherwise', () => {
  const broken = (name: ScenarioName, reached: number, ledgerMicroUsd: number) =>
    brokenPromises([resultOf(name, [reached, 0], { ledgerMicroUsd })], []).filter((promise) =>
      promise.includes('$'),
    )
  const users = 9 * 6_600
  expect(broken('one-key-capped', 151, 151 * 6_600 + users)).toEqual([])
  expect(broken('one-key-capped', 152, 152 * 6_600 + users)).toEqual([
    'one-key-capped: $1.0032 were spent of $1.00',
  ])
  expect(broken('many-keys-capped', 3_021, 3_030 * 6_600)).toEqual([])
  expect(broken('many-keys-capped', 3_022, 3_030 * 6_600)).toEqual([
    'many-keys-capped: $20.0046 were spent of $20.00',
    'many-keys-capped: the ledger has $19.998 of $20.0046',
  ])
})
