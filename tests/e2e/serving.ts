/**
 * A running `lockgate serve` for end-to-end tests: a process of its own, with a folder, a database
 * and an upstream of its own, talked to over HTTP and through the CLI as a person would.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WarmProgram } from '../cli/warm-program.ts'
import { freePorts } from '../servers/ports.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** A busy machine is slow, not broken. */
const PATIENCE_MS = 30_000
const MAX_ATTEMPTS = 3

export interface CreatedKey {
  readonly key: string
  readonly key_id: string
}

export interface Serving {
  readonly url: string
  /** Also the public URL, with which links in mails begin. */
  readonly adminUrl: string
  readonly folder: string
  /** How many requests reached the upstream. */
  upstreamCalls(): number
  /** All that the server wrote to stdout and stderr. */
  said(): string
  /** Runs a CLI command on the same database; rejects when it exits with anything but 0. */
  cli(...args: string[]): Promise<string>
  createKey(...args: string[]): Promise<CreatedKey>
  /** Ends the server without a word, as a power cut would. */
  kill(): Promise<void>
  /** Starts it again on the same port and database. */
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * `config` is written as `lockgate.config.json`; `variables` are added to the environment. With an
 * upstream of the test's own `upstreamCalls` stays 0.
 */
export async function serve(
  config: object = {},
  variables: Readonly<Record<string, string>> = {},
  ownUpstreamUrl?: string,
): Promise<Serving> {
  for (let attempt = 1; ; attempt++) {
    const [port = 0, adminPort = 0] = await freePorts(2)
    try {
      return await serveOn({ port, adminPort }, config, variables, ownUpstreamUrl)
    } catch (error) {
      // Somebody took a port that was free a moment ago.
      if (attempt === MAX_ATTEMPTS || !String(error).includes('the port is in use')) throw error
    }
  }
}

async function serveOn(
  { port, adminPort }: { readonly port: number; readonly adminPort: number },
  config: object,
  variables: Readonly<Record<string, string>>,
  ownUpstreamUrl: string | undefined,
): Promise<Serving> {
  const folder = mkdtempSync(join(tmpdir(), 'lockgate-e2e-'))
  writeFileSync(join(folder, 'lockgate.config.json'), JSON.stringify(config))
  let calls = 0
  const upstream = createServer((_req, res) => {
    calls++
    res.end('ok')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const upstreamUrl =
    ownUpstreamUrl ?? `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const env = { ...ownEnvironment(), LOCKGATE_PUBLIC_URL: adminUrl, ...variables }
  const program = new WarmProgram()
  let said = ''
  let server: ChildProcess | undefined

  const cli = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await program.run({ cwd: folder, env, args })
    if (code !== 0) throw new Error(`lockgate ${args[0]} ended with ${code}: ${err}`)
    return out
  }
  const start = async (): Promise<void> => {
    const ports = ['--port', String(port), '--admin-port', String(adminPort)]
    server = spawn(process.execPath, [MAIN, 'serve', '--upstream', upstreamUrl, ...ports], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk) => {
        said += chunk
      })
    }
    await listening(server, port, () => said)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }

  const clear = (): void => {
    program.stop()
    upstream.closeAllConnections()
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    clear()
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    folder,
    upstreamCalls: () => calls,
    said: () => said,
    cli,
    createKey: async (...args) =>
      JSON.parse(await cli('keys', 'create', '--owner', 'ada@example.com', '--json', ...args)),
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGTERM')
      clear()
    },
  }
}

const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )

/** Resolves when the port accepts a connection; rejects with what the server said if it ends. */
async function listening(server: ChildProcess, port: number, said: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`serve ended: ${said()}`)
    try {
      await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' })
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  server.kill('SIGKILL')
  throw new Error(`serve did not listen within ${PATIENCE_MS / 1000} s: ${said()}`)
}
