/**
 * `lockgate replay`: the scraper's night again, without Lockgate and with it. What it needs is loaded
 * only when it is asked for.
 */
import type { Command } from 'commander'
import { readNumber } from '../arguments.ts'

interface ReplayCommandOptions {
  readonly http?: true
  readonly json?: true
  readonly seed: string
}

/** `fail` makes the program end with exit code 1. */
export function addReplay(program: Command, fail: () => void): void {
  program
    .command('replay')
    .description('replay the night of 47,200 calls, without Lockgate and with it')
    .option('--http', 'over HTTP to a local fake LLM, instead of on a simulated clock')
    .option('--json', 'print one JSON object and no progress')
    .option('--seed <number>', 'another night of the same size', '314')
    .action(async ({ http, json, seed }: ReplayCommandOptions) => {
      const options = {
        mode: http === true ? ('http' as const) : ('engine' as const),
        json: json === true,
        seed: readNumber(seed, '--seed'),
      }
      const { replay } = await import('../replay/replay.ts')
      if (!(await replay(options))) fail()
    })
}
