/** Runs one command line to its exit code. All failures end here, as one line on stderr. */
import { EXIT_DONE, failureOf } from './failure.ts'
import { warn } from './output.ts'
import { createProgram } from './program.ts'

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
