/**
 * A server program as a child of the test process, in a temporary folder of its own.
 *
 * It cannot outlive the test process, however that ends. A shell, the guard, reads from a pipe whose
 * other end only the test process holds; the kernel closes it even after SIGKILL. The guard then ends
 * the server and removes the folder. `stop` takes the same way, so there is only one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 30_000
const OUTPUT_KEPT = 4_000

/** Arguments: folder, signal. Each line it reads is the server's present pid, empty for none. */
const GUARD = `
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -s "$2" "$pid"; then
  tries=0
  while kill -0 "$pid" && [ "$tries" -lt 240 ]; do
    tries=$((tries + 1))
    [ "$tries" = 200 ] && kill -s KILL "$pid"
    sleep 0.05
  done
fi
rm -rf "$1"`

export interface Program {
  /** Names the temporary folder. */
  readonly name: string
  readonly command: string
  /** The Debian package of the command. */
  readonly debianPackage: string
  /** Arguments, once the folder is known. */
  readonly args: (folder: string) => readonly string[]
  /** Writes what the program needs into its folder before the first start. */
  readonly prepare?: (folder: string) => Promise<void>
  /** Ends it at once, when nobody needs its data any more. */
  readonly endSignal: 'SIGKILL' | 'SIGQUIT'
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Rejects or answers false as long as it, and not another on its port, does not serve. */
  readonly isReady: (child: Child) => Promise<boolean>
}

export class Child {
  readonly folder: string
  readonly #program: Program
  readonly #guard: ChildProcess
  readonly #guardEnded: Promise<unknown>
  #process: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #output = ''
  #stopped: Promise<unknown> | undefined

  /** Fulfils when the program serves; leaves nothing behind when it does not. */
  static async launch(program: Program): Promise<Child> {
    const child = new Child(program)
    try {
      await program.prepare?.(child.folder)
      await child.start()
      return child
    } catch (error) {
      await child.stop()
      throw error
    }
  }

  private constructor(program: Program) {
    this.#program = program
    this.folder = mkdtempSync(join(tmpdir(), `lockgate-${program.name}-`))
    const args = ['-c', GUARD, 'guard', this.folder, program.endSignal.replace('SIG', '')]
    this.#guard = spawn('/bin/sh', args, {
      // A session of its own: Ctrl-C in the terminal must not end the guard before the server.
      detached: true,
      // Its `rm` and `sleep` are there whatever a test does to PATH.
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#guardEnded = once(this.#guard, 'exit')
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error(`${this.#program.command} is not running`)
    return pid
  }

  get isRunning(): boolean {
    return this.#process !== undefined
  }

  /** With these arguments after its own. */
  async start(more: readonly string[] = []): Promise<void> {
    const { command, args, user, isReady, debianPackage } = this.#program
    if (this.isRunning) throw new Error(`${command} is running already`)
    if (this.#stopped !== undefined) throw new Error(`${command} was stopped for good`)
    this.#output = ''
    const server = spawn(command, [...args(this.folder), ...more], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    })
    // 'close' comes when nobody holds its output any more: its own children have ended too.
    this.#ended = new Promise((resolve) => server.once('close', resolve)).then(() => {
      this.#process = undefined
      if (this.#stopped === undefined) this.#guard.stdin?.write('\n')
    })
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        this.#output = `${this.#output}${chunk}`.slice(-OUTPUT_KEPT)
      })
    }
    await once(server, 'spawn').catch((error) => {
      if (error.code !== 'ENOENT') throw error
      throw notInstalled(command, debianPackage)
    })
    this.#process = server
    this.#guard.stdin?.write(`${server.pid}\n`)
    await until(`${command} serves`, async () => !this.isRunning || isReady(this)).catch(
      (error) => {
        throw new Error(`${error.message}; it said: ${this.#output}`, { cause: error })
      },
    )
    if (!this.isRunning) throw new Error(`${command} ended; it said: ${this.#output}`)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#process?.kill(signal) !== true) {
      throw new Error(`${this.#program.command} is not running`)
    }
  }

  /** Fulfils when it and its own children are gone. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#ended
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#guard.stdin?.end()
      await Promise.all([this.#guardEnded, this.#ended])
    })()
    await this.#stopped
  }
}

export function notInstalled(program: string, debianPackage: string): Error {
  return new Error(`${program} is not installed; on Debian: apt-get install ${debianPackage}`)
}

/** Asks until the answer is true; what the check throws counts as false. */
export async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS
  let cause: unknown
  while (performance.now() < deadlineMs) {
    try {
      if (await check()) return
    } catch (error) {
      cause = error
    }
    await sleep(20)
  }
  throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`, { cause })
}
