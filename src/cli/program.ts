/** The command line as a whole: every command with its options. */
import { Command } from 'commander'
import { addAuditCommands } from './commands/audit/audit.ts'
import { addCopy } from './commands/copy.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addInit } from './commands/init.ts'
import { addKeysCommands } from './commands/keys/keys.ts'
import { addLeak } from './commands/leak.ts'
import { addMigrate } from './commands/migrate.ts'
import { addReplay } from './commands/replay.ts'
import { addScan } from './commands/scan.ts'
import { addServe } from './commands/serve.ts'
import { addSimulate } from './commands/simulate.ts'
import { addSpendCommands } from './commands/spend/spend.ts'
import { addTiers } from './commands/tiers.ts'
import { EXIT_FAILED } from './failure.ts'
import { ownVersion } from './version.ts'

/** `end` is called by commands that have shown their result and yet did not succeed. */
export function createProgram(end: (exitCode: number) => void): Command {
  const program = new Command('lockgate')
    .description('API keys, exact rate limits and an audit log for AI APIs.')
    .version(ownVersion(), '-V, --version')
    .exitOverride()
    // Options stand behind the command that they are of: `spend` and `spend cap` both have --key.
    .enablePositionalOptions()
    .configureOutput({ outputError: () => undefined })
  const fail = () => end(EXIT_FAILED)
  addInit(program)
  addServe(program)
  addKeysCommands(program)
  addLeak(program)
  addScan(program, fail)
  addAuditCommands(program, fail)
  addSpendCommands(program)
  addTiers(program)
  addSimulate(program)
  addDoctor(program, fail)
  addMigrate(program)
  addCopy(program)
  addDemo(program, fail)
  addReplay(program, fail)
  return program
}
