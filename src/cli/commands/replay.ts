/**
 * `lockgate replay`: the scraper's night again, without Lockgate and with it. What it needs is loaded
 * only when it is asked for.
 */
import { type Command, Option } from 'commander'
import { readNumber } from '../arguments.ts'
import { SCENARIO_NAMES, type ScenarioName } from '../nights.ts'

interface ReplayCommandOptions {
  readonly http?: true
  readonly json?: true
  readonly seed: string
  readonly only: readonly ScenarioName[]
}

/** `fail` makes the program end with exit code 1. */
export function addReplay(program: Command, fail: () => void): void {
  program
    .command('replay')
    .description('replay the night of 47,200 calls, without Lockgate and with it')
    .option('--http', 'over HTTP to a local fake LLM, instead of on a simulated clock')
    .option('--json', 'print one JSON object and no progress')
    .option('--seed <number>', 'another night of the same size', '314')
    .addOption(
      new Option('--only <nights...>', 'some of the nights')
        .choices(SCENARIO_NAMES)
        .default(SCENARIO_NAMES, 'all of them'),
    )
    .action(async ({ http, json, seed, only }: ReplayCommandOptions) => {
      const options = {
        mode: http === true ? ('http' as const) : ('engine' as const),
        json: json === true,
        seed: readNumber(seed, '--seed'),
        only,
      }
      const { replay } = await import('../replay/replay.ts')
      if (!(await replay(options))) fail()
    })
}
