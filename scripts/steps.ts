/**
 * Steps of a task: named commands that run one after the other and stop at the first failure. Each
 * prints a heading and the seconds it took; a command speaks for itself, its output passes through.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/** Where tasks keep what they can make again. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'lockgate')

export interface Step {
  readonly name: string
  /** Resolves to an exit code. */
  readonly run: () => Promise<number>
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** A program of node_modules/.bin, by name, run in the project's root. */
export function command(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): () => Promise<number> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, ...env },
      })
      const forward = (signal: NodeJS.Signals): void => {
        // A terminal sends Ctrl-C to the whole group: the child has it already.
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      }
      for (const signal of FORWARDED) process.on(signal, forward)
      child.on('error', reject)
      child.on('exit', (code, signal) => {
        for (const name of FORWARDED) process.off(name, forward)
        resolve(code ?? 128 + (signal === null ? 1 : constants.signals[signal]))
      })
    })
}

/** Runs the steps in order; the exit code of the first that fails, else 0. */
export async function runSteps(steps: readonly Step[]): Promise<number> {
  for (const step of steps) {
    console.log(`\n== ${step.name}`)
    const startMs = performance.now()
    const code = await step.run()
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
    console.log(`== ${step.name}: ${code === 0 ? 'ok' : `failed (exit ${code})`}, ${seconds} s`)
    if (code !== 0) return code
  }
  return 0
}
