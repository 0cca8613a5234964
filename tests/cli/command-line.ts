/** Runs the real program as a child process, in a folder of its own that is removed afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

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

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const path of folders) rmSync(path, { recursive: true, force: true })
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
  const folder: Folder = {
    path,
    file: (name) => join(path, name),
    write: (name, text) => writeFileSync(join(path, name), text),
    run: (...args) => start({}, args).ended,
    runWith: (env, ...args) => start(env, args).ended,
    start: (...args) => start({}, args),
    startWith: (env, ...args) => start(env, args),
  }
  for (const [name, text] of Object.entries(files)) folder.write(name, text)
  return folder
}

function startProgram(cwd: string, env: Record<string, string>, args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
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
