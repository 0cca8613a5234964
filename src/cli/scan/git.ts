/**
 * Runs git, which is a program of its own that may be missing. Only its plumbing is used: that
 * follows no alias, pager or colour of whoever runs it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { CommandError } from '../failure.ts'

const MAX_PROBLEM_LENGTH = 2_000

interface RunningGit {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  /** Resolves when it ended well; else rejects with what it said. */
  readonly done: Promise<void>
}

/** The whole output as text, without space at its ends. */
export async function gitText(folder: string, args: readonly string[]): Promise<string> {
  let text = ''
  for await (const chunk of gitPipe(folder, [args])) text += chunk.toString('utf8')
  return text.trim()
}

/** Several runs, each fed by the one before it; gives the output of the last. */
export async function* gitPipe(
  folder: string,
  runs: readonly (readonly string[])[],
): AsyncGenerator<Buffer> {
  const running = runs.map((args) => startGit(folder, args))
  const done = Promise.all(running.map((git) => git.done))
  // It is awaited below; until then a failure is no unhandled one.
  done.catch(() => undefined)
  for (const [index, { child }] of running.entries()) {
    const source = running[index - 1]?.child.stdout
    if (source === undefined) child.stdin.end()
    else source.pipe(child.stdin)
  }
  try {
    for await (const chunk of running.at(-1)?.child.stdout ?? []) yield chunk
    await done
  } finally {
    for (const { child } of running) child.kill()
  }
}

function startGit(folder: string, args: readonly string[]): RunningGit {
  const child = spawn('git', ['-C', folder, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let problem = ''
  child.stderr.on('data', (chunk) => {
    if (problem.length < MAX_PROBLEM_LENGTH) problem += chunk
  })
  // A run that ends early leaves the one before it writing; its own exit says why.
  child.stdin.on('error', () => undefined)
  return { child, done: endOf(child, () => problem) }
}

async function endOf(child: RunningGit['child'], problem: () => string): Promise<void> {
  try {
    const [code] = await once(child, 'close')
    if (code === 0) return
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isMissing) throw new CommandError('--history needs git, which is not installed here')
    throw error
  }
  throw new CommandError(`--history: git failed: ${problem().trim() || 'without a word'}`)
}
