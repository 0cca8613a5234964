/**
 * The incident again: 47,200 calls in six hours from 03:14 on, against an open endpoint and against
 * Lockgate. This folder and that of the demo are the only ones of the program that use the published
 * test tools (a clock to move, a fake LLM); they are loaded when they are asked for.
 */
import { UsageError } from '../failure.ts'
import type { ScenarioName } from '../nights.ts'
import { say, sayJson, warn } from '../output.ts'
import { brokenPromises } from './checks.ts'
import { runInEngine } from './engine-run.ts'
import { runOverHttp } from './http-run.ts'
import { NO_PROGRESS, startProgress } from './progress.ts'
import { jsonReport, type Mode, textReport } from './report.ts'
import { HTTP_SCENARIOS, SCENARIOS } from './scenarios.ts'
import type { ScenarioResult } from './tally.ts'
import { floodTrace, incidentTrace } from './trace.ts'

export interface ReplayOptions {
  readonly mode: Mode
  /** One JSON value and no progress. */
  readonly json: boolean
  /** Whole, at least 0; the same seed is the same night. */
  readonly seed: number
  /** The nights that are played. */
  readonly only: readonly ScenarioName[]
}

/** Resolves with true when every promise held; those that did not are named on stderr. */
export async function replay({ mode, json, seed, only }: ReplayOptions): Promise<boolean> {
  const night = incidentTrace(seed)
  const [run, known] = mode === 'http' ? [runOverHttp, HTTP_SCENARIOS] : [runInEngine, SCENARIOS]
  const scenarios = known.filter(({ name }) => only.includes(name))
  if (scenarios.length === 0) {
    const names = known.map(({ name }) => name).join(', ')
    throw new UsageError(`--http plays ${names}; leave --http out for the others`)
  }
  if (!json) await say(introduction(mode, night.length))
  const results: ScenarioResult[] = []
  for (const scenario of scenarios) {
    const trace = scenario.attack === 'flood' ? floodTrace(seed) : night
    const progress = json ? NO_PROGRESS : startProgress(scenario.title, trace.length)
    try {
      results.push(await run(scenario, { trace, progress }))
    } finally {
      progress.end()
    }
  }
  const broken = brokenPromises(results, scenarios)
  await (json ? sayJson(jsonReport(mode, results, broken)) : say(textReport(results)))
  for (const promise of broken) warn(`lockgate: broken promise: ${promise}`)
  return broken.length === 0
}

function introduction(mode: Mode, calls: number): string {
  const how =
    mode === 'engine'
      ? 'through the real engine on a simulated clock'
      : "over HTTP as fast as they go, on the machine's clock"
  return [
    'The night again. From 03:14, six hours: one scraper and twelve users,',
    `${calls.toLocaleString('en-US')} calls in all, ${how}.`,
    'A call that reaches the LLM costs $0.0066, as it did then. With caps a free key may spend $1',
    'in any 24 hours, a paid key $10, and the account $20.',
  ].join('\n')
}
