/** Programs as a user starts them: in a folder of their own, with a clean environment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { inject } from 'vitest'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Project {
  readonly folder: string
  write(name: string, text: string): void
  /** Runs a command to its end; kills it after a minute. */
  run(command: string, ...args: string[]): Promise<Finished>
  /** Starts a command and waits until what it prints matches; ended by `remove`. */
  start(command: string, args: readonly string[], ready: RegExp): Promise<Running>
  /** Ends what was started and deletes the folder. */
  remove(): Promise<void>
}

export interface Running {
  /** What it printed so far, on both streams. */
  output(): string
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>
}

/** A new folder in which `lockgate` is installed. `node` is the Node to use, by default this one. */
export function newProject(node: string = process.execPath): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lockgate-project-')))
  const modules = join(inject('installed'), 'node_modules')
  symlinkSync(modules, join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const env = environment(folder, [dirname(node), join(modules, '.bin')])
  const running: Running[] = []
  return {
    folder,
    write: (name, text) => writeFileSync(join(folder, name), text),
    run: (command, ...args) => finish(launch(command, args, folder, env)),
    async start(command, args, ready) {
      const child = launch(command, args, folder, env)
      const started = await until(child, ready)
      running.push(started)
      return started
    },
    async remove() {
      await Promise.all(running.map((program) => program.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Nothing of ours but where programs are: no settings, no secrets, no other home. */
function environment(home: string, path: readonly string[]): NodeJS.ProcessEnv {
  const { PATH, npm_config_cache: cache, NODE_EXTRA_CA_CERTS: certificates } = process.env
  const { NODE_COMPILE_CACHE: compiled } = process.env
  return {
    PATH: [...path, PATH].join(delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    npm_config_cache: cache ?? join(process.env['HOME'] ?? home, '.npm'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
  }
}

/** A process group of its own, so that `npx` and what it started end together. */
const launch = (
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): ChildProcess =>
  spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group has ended already.
  }
}

async function finish(child: ChildProcess): Promise<Finished> {
  const stdout: string[] = []
  const stderr: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  const timer = setTimeout(killGroup, 60_000, child, 'SIGKILL')
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

async function until(child: ChildProcess, ready: RegExp): Promise<Running> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const listen = (text: string): void => {
    output += text
    if (ready.test(output)) resolve()
  }
  child.stdout?.setEncoding('utf8').on('data', listen)
  child.stderr?.setEncoding('utf8').on('data', listen)
  const closed = once(child, 'close')
  closed.then(() => reject(new Error(`ended before it was ready:\n${output}`)), reject)
  const timer = setTimeout(() => {
    killGroup(child, 'SIGKILL')
    reject(new Error(`not ready within 20 s; wanted ${ready}:\n${output}`))
  }, 20_000)
  await promise.finally(() => clearTimeout(timer))
  return {
    output: () => output,
    async stop() {
      killGroup(child, 'SIGTERM')
      const hard = setTimeout(killGroup, 15_000, child, 'SIGKILL')
      const [code] = await closed
      clearTimeout(hard)
      return code
    },
  }
}
