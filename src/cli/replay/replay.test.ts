import { expect, test } from 'vitest'
import { brokenPromises } from './checks.ts'
import { type ScenarioName, type ScenarioResult, Tally } from './tally.ts'
import { incidentTrace, MINUTES, SCRAPER_CALLS, START_MS, USERS } from './trace.ts'

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

test('a window holds what is less than a window old', () => {
  const tally = new Tally()
  for (const atMs of [0, 59_999, 60_000]) tally.add(atMs, 200)
  tally.add(60_000, 429)
  const { sent, reached, worstMinute, worstDay } = tally.outcome()
  expect({ sent, reached, worstMinute, worstDay }).toEqual({
    ...{ sent: 4, reached: 3, worstMinute: 2, worstDay: 3 },
  })
})

test('every promise that a result breaks is named', () => {
  const outcome = (sent: number, reached: number, worst = reached) => ({
    ...{ sent, reached, statuses: new Map([[429, sent - reached]]), costMicroUsd: 0 },
    ...{ worstMinute: worst, worstDay: reached },
  })
  const result = (scenario: ScenarioName, reached: number, counted: number): ScenarioResult => ({
    ...{ scenario, scraper: outcome(SCRAPER_CALLS, reached), users: outcome(10, 9) },
    audit: { rows: 1, limitExceeded: counted, byLimit: new Map(), intact: false },
    elapsedMs: 1,
  })
  const broken = brokenPromises([result('no-key', 1, 0), result('one-key', 1_001, 46_200)])
  expect(broken).toEqual([
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
