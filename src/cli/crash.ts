/**
 * The end of a program by an error that nobody caught. Node would print it with all that hangs on it,
 * such as the options of a connection with its password; here it is what it says and where it came
 * from, through the redactor.
 */
import { redact } from '../telemetry/redact.ts'
import { EXIT_FAILED } from './failure.ts'
import { warn } from './output.ts'

const MAX_CAUSES = 5

export function endOnCrash(): void {
  process.on('uncaughtException', (error: unknown) => {
    warn(`lockgate: this should not happen, please report it: ${crashText(error)}`)
    process.exit(EXIT_FAILED)
  })
}

export function crashText(error: unknown): string {
  const stacks: string[] = []
  let cause = error
  while (cause instanceof Error && stacks.length < MAX_CAUSES) {
    stacks.push(cause.stack ?? cause.message)
    cause = cause.cause
  }
  if (stacks.length === 0) return `something was thrown that is no error: ${typeof error}`
  return redact(stacks.join('\ncaused by '))
}
