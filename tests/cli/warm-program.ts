/**
 * A process that has loaded the program once and runs one command line after the other. Loading is
 * most of what a short command costs, and tests run hundreds of them. What is under test is the same:
 * `runProgram` in a process of its own, with the folder, environment and output of that command.
 *
 * Parent to child: a `Command`. Child to parent: an `Ended`, or `ready` at first.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const OWN_PATH = fileURLToPath(import.meta.url)

export interface Command {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs commands in turn. A process that dies is replaced for the next command. */
export class WarmProgram {
  #child: ReturnType<typeof fork> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  run(command: Command): Promise<Ended> {
    const ended = this.#turn.then(() => this.#runNow(command))
    this.#turn = ended
    return ended
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
  }

  async #runNow(command: Command): Promise<Ended> {
    const child = await this.#started()
    const over = new AbortController()
    const event = (name: string) => once(child, name, { signal: over.signal })
    const died = event('exit').then(([code]) => ({ code, out: '', err: 'the process ended' }))
    const answered = event('message').then(([ended]) => ended as Ended)
    try {
      child.send(command)
      return await Promise.race([answered, died])
    } finally {
      over.abort()
      await Promise.allSettled([died, answered])
    }
  }

  async #started(): Promise<ReturnType<typeof fork>> {
    if (this.#child?.connected === true) return this.#child
    const child = fork(OWN_PATH, ['as a child'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child = child
    await once(child, 'message')
    return child
  }
}

/** Replaces what a process takes from its parent, and collects what it writes. */
async function runHere(
  runProgram: (args: readonly string[]) => Promise<number>,
  { cwd, env, args }: Command,
): Promise<Ended> {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
      return true
    }
  }
  const code = await runProgram(args)
  process.stdout.removeAllListeners('error')
  return { code, out: written.stdout, err: written.stderr }
}

if (process.argv[2] === 'as a child') {
  const { quietWarnings } = await import('../../src/cli/quiet-warnings.ts')
  quietWarnings()
  const { runProgram } = await import('../../src/cli/run-program.ts')
  process.on('message', async (command: Command) => {
    process.send?.(await runHere(runProgram, command))
  })
  process.send?.('ready')
}
