/**
 * Runs the real program in a child process, in a folder of its own that is removed afterwards. Short
 * commands share a process that has loaded the program; `start` gives one of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { type Ended, WarmProgram } from './warm-program.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export type { Ended }

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  out(): string
  err(): string
}

export interface Folder {
  readonly path: string
  file(name: string): string
  write(name: string, text: string): void
  run(...args: string[]): Promise<Ended>
  runWith(env: Record<string, string>, ...args: string[]): Promise<Ended>
  start(...args: string[]): Running
  startWith(env: Record<string, string>, ...args: string[]): Running
}

const folders: string[] = []
const children: ChildProcess[] = []
const warm = new WarmProgram()

/** Ends what was started until now and removes its folders; the warm program goes on. */
export function endStarted(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
}

afterAll(() => {
  warm.stop()
  endStarted()
})

/** A new folder with the files given; it goes, with what runs in it, when the test file is done. */
export function newFolder(files: Readonly<Record<string, string>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'lockgate-cli-'))
  folders.push(path)
  const start = (env: Record<string, string>, args: readonly string[]): Running => {
    const running = startProgram(path, env, args)
    children.push(running.child)
    return running
  }
  const run = (env: Record<string, string>, args: readonly string[]): Promise<Ended> =>
    needsItsOwn(path, args)
      ? start(env, args).ended
      : warm.run({ cwd: path, env: ownEnv(path, env), args })
  const folder: Folder = {
    path,
    file: (name) => join(path, name),
    write: (name, text) => writeFileSync(join(path, name), text),
    run: (...args) => run({}, args),
    runWith: (env, ...args) => run(env, args),
    start: (...args) => start({}, args),
    startWith: (env, ...args) => start(env, args),
  }
  for (const [name, text] of Object.entries(files)) folder.write(name, text)
  return folder
}

/** What was compiled once need not be again: `npm test` says where it is kept. */
function ownEnv(home: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE: compiled } = process.env
  const kept = compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }
  return { PATH, HOME: home, ...kept, ...env }
}

/**
 * What starts other processes, or goes on, is a process of its own; and a configuration that is a
 * module is loaded once per process, so each command needs its own.
 */
const needsItsOwn = (path: string, [command = '']: readonly string[]): boolean =>
  ['serve', 'demo', 'replay'].includes(command) ||
  readdirSync(path).some((name) => /\.[cm]?[jt]s$/.test(name))

function startProgram(cwd: string, env: Record<string, string>, args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: ownEnv(cwd, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code, out, err }))
  return { child, ended, out: () => out, err: () => err }
}

/** Waits until `done` holds; fails after 40 seconds. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 40_000
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within 40 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
