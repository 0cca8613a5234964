/**
 * The incident again: 47,200 calls in six hours from 03:14 on, against an open endpoint and against
 * Lockgate. This folder and that of the demo are the only ones of the program that use the published
 * test tools (a clock to move, a fake LLM); they are loaded when they are asked for.
 */
import { say, sayJson, warn } from '../output.ts'
import { brokenPromises } from './checks.ts'
import { runInEngine } from './engine-run.ts'
import { runOverHttp } from './http-run.ts'
import { NO_PROGRESS, startProgress } from './progress.ts'
import { jsonReport, type Mode, TITLES, textReport } from './report.ts'
import { SCENARIOS, type ScenarioResult } from './tally.ts'
import { incidentTrace } from './trace.ts'

export interface ReplayOptions {
  readonly mode: Mode
  /** One JSON value and no progress. */
  readonly json: boolean
  /** Whole, at least 0; the same seed is the same night. */
  readonly seed: number
}

/** Resolves with true when every promise held; those that did not are named on stderr. */
export async function replay({ mode, json, seed }: ReplayOptions): Promise<boolean> {
  const trace = incidentTrace(seed)
  const run = mode === 'http' ? runOverHttp : runInEngine
  if (!json) await say(introduction(mode, trace.length))
  const results: ScenarioResult[] = []
  for (const scenario of SCENARIOS) {
    const progress = json ? NO_PROGRESS : startProgress(TITLES[scenario], trace.length)
    try {
      results.push(await run(scenario, { trace, progress }))
    } finally {
      progress.end()
    }
  }
  const broken = brokenPromises(results)
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
    'A call that reaches the LLM costs $0.0066, as it did then.',
  ].join('\n')
}
