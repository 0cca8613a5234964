/**
 * `npm run replay`: the incident again. 47,200 calls in six hours from 03:14 on, against an open
 * endpoint and against Lockgate. `-- --http` sends them over HTTP, `-- --json` is for machines.
 * Exit 0 when every promise held, 1 when one was broken, 2 for wrong usage.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { brokenPromises } from './checks.ts'
import { type RunOptions, runInEngine } from './engine-run.ts'
import { runOverHttp } from './http-run.ts'
import { NO_PROGRESS, startProgress } from './progress.ts'
import { jsonReport, type Mode, TITLES, textReport } from './report.ts'
import { SCENARIOS, type ScenarioResult } from './tally.ts'
import { incidentTrace } from './trace.ts'

const USAGE = 'Usage: npm run replay -- [--http] [--json] [--seed NUMBER]'
const DEFAULT_SEED = 314

interface Arguments {
  readonly mode: Mode
  readonly json: boolean
  readonly seed: number
}

function readArguments(): Arguments | undefined {
  try {
    const { values } = parseArgs({
      options: {
        http: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        seed: { type: 'string', default: String(DEFAULT_SEED) },
      },
    })
    const seed = Number(values.seed)
    if (!Number.isSafeInteger(seed) || seed < 0) return undefined
    return { mode: values.http ? 'http' : 'engine', json: values.json, seed }
  } catch {
    return undefined
  }
}

async function replay({ mode, json, seed }: Arguments): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lockgate-replay-'))
  const trace = incidentTrace(seed)
  const run = mode === 'http' ? runOverHttp : runInEngine
  const results: ScenarioResult[] = []
  try {
    if (!json) console.log(introduction(mode, trace.length))
    for (const scenario of SCENARIOS) {
      const progress = json ? NO_PROGRESS : startProgress(TITLES[scenario], trace.length)
      const options: RunOptions = { trace, folder, progress }
      results.push(await run(scenario, options))
      progress.end()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const broken = brokenPromises(results)
  console.log(json ? jsonReport(mode, results, broken) : textReport(results))
  for (const promise of broken) console.error(`Broken promise: ${promise}.`)
  return broken.length === 0 ? 0 : 1
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

const args = readArguments()
if (args === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  process.exitCode = await replay(args)
}
