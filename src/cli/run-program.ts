/** Runs one command line to its exit code. All failures end here, as one line on stderr. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAuditCommands } from './commands/audit/audit.ts'
import { addDoctor } from './commands/doctor.ts'
import { addInit } from './commands/init.ts'
import { addKeysCommands } from './commands/keys/keys.ts'
import { addServe } from './commands/serve.ts'
import { addTiers } from './commands/tiers.ts'
import { EXIT_DONE, EXIT_FAILED, failureOf } from './failure.ts'
import { warn } from './output.ts'

/** `argv` without the program's own name. Resolves with the exit code; never rejects. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  endQuietlyWithoutReader()
  let exitCode = EXIT_DONE
  const program = createProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== '') warn(prefixed(failure.message))
    return failure.exitCode
  }
}

/** `end` is called by commands that have shown their result and yet did not succeed. */
function createProgram(end: (exitCode: number) => void): Command {
  const program = new Command('lockgate')
    .description('API keys, exact rate limits and spend caps for AI APIs.')
    .version(ownVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  const fail = () => end(EXIT_FAILED)
  addInit(program)
  addServe(program)
  addKeysCommands(program)
  addAuditCommands(program, fail)
  addTiers(program)
  addDoctor(program, fail)
  return program
}

const prefixed = (message: string): string =>
  message
    .split('\n')
    .map((line) => `lockgate: ${line}`)
    .join('\n')

/** `lockgate keys list | head` ends without a word when the reader has seen enough. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT_DONE)
  })
}

function ownVersion(): string {
  const path = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }
  return version
}
