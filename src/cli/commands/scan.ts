/**
 * `lockgate scan`: looks for our keys in files and in the history of git. What it needs is loaded only
 * when it is asked for.
 */
import type { Command } from 'commander'
import { readPrefix } from '../arguments.ts'
import { CONFIG_OPTION } from '../open.ts'
import type { ScanOptions } from '../scan/scan.ts'

/** `fail` makes the program end with exit code 1. */
export function addScan(program: Command, fail: () => void): void {
  program
    .command('scan')
    .description('find our keys in files and git history; exit code 1 when one is active')
    .argument('<path...>', 'files and folders; - reads stdin')
    .option('--history', 'search all that the git repositories of these paths remember, too')
    .option(
      '--prefix <prefix>',
      'another prefix to look for, beside the configured one and sk; repeatable',
      (prefix: string, prefixes: readonly string[]) => [...prefixes, readPrefix(prefix)],
      [] as readonly string[],
    )
    .option('--report', 'report the active ones as leaked: revoked, and their owners told')
    .option('--offline', 'ask no database; exit code 1 when any key is found')
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(async (paths: readonly string[], options: ScanOptions) => {
      const { scan } = await import('../scan/scan.ts')
      if (!(await scan(paths, options))) fail()
    })
}
