/** How the program fails: which exit code, and what one line on stderr says. */
import { CommanderError } from 'commander'
import { closest, distance } from 'fastest-levenshtein'
import { ConfigError, LockgateError } from '../core/errors.ts'
import { redact } from '../telemetry/redact.ts'

export const EXIT_DONE = 0
export const EXIT_FAILED = 1
const EXIT_USAGE = 2

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was understood and did not succeed: exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export interface Failure {
  readonly exitCode: number
  /** One line (one for each problem of a configuration); empty when nothing is left to say. */
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return usageFailure(error)
  const exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof ConfigError) return { exitCode, message: redact(text) }
  const expected =
    error instanceof UsageError || error instanceof CommandError || error instanceof LockgateError
  const line = oneLine(redact(text))
  const message = expected ? line : `unexpected failure: ${line}; "lockgate doctor" may know more`
  return { exitCode, message }
}

/** Help that was asked for is no failure; help that stands in for a missing command is. */
function usageFailure(error: CommanderError): Failure {
  if (error.exitCode === 0) return { exitCode: EXIT_DONE, message: '' }
  if (error.code === 'commander.help') return { exitCode: EXIT_USAGE, message: '' }
  const problem = withNearest(oneLine(redact(error.message)).replace(/^error: /, ''))
  const hint = /Did you mean/.test(problem) ? '' : '; see "lockgate --help"'
  return { exitCode: EXIT_USAGE, message: `${problem.replace(/\.$/, '')}${hint}` }
}

/** Commander names the nearest command and option itself; of choices it lists all that there are. */
function withNearest(problem: string): string {
  const match = /^(.* argument '(.*)' is invalid)\. Allowed choices are (.*)\.$/.exec(problem)
  if (match === null) return problem
  const [, refusal = '', given = '', choices = ''] = match
  const near = closest(given, choices.split(', '))
  const isNear = distance(given, near) <= given.length / 2
  return isNear ? `${refusal} (Did you mean ${near}?)` : problem
}

const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ').trim()
