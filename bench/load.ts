/**
 * Load for the HTTP benches: starts each server as a process of its own, lets wrk ask it in turn
 * (A B C, A B C …) so that a drift of the machine hits all alike, and reports medians as ratios to
 * the first. With two cores the server has one and everything else the other.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LOAD_CORE, MEASURED_CORE } from './pin.ts'
import { QUICK } from './quick.ts'

const run = promisify(execFile)

export interface Contestant {
  readonly name: string
  /** A file in `bench/servers`, and its arguments. */
  readonly server: readonly [file: string, ...args: string[]]
}

export interface Started {
  readonly name: string
  readonly process: ChildProcess
  readonly url: string
  readonly headers: readonly string[]
  /** Where requests have one, they are POSTs. */
  readonly body?: string
}

export interface LoadOptions {
  readonly rounds?: number
  readonly seconds?: number
  readonly connections?: number
}

export interface Result {
  readonly name: string
  readonly perSecond: number
  readonly ratio: number
}

/** Runs the contestants and prints a table. The first is the baseline. */
export async function race(
  question: string,
  contestants: readonly Contestant[],
  options: LoadOptions = {},
): Promise<readonly Result[]> {
  const { rounds = QUICK ? 1 : 5, seconds = QUICK ? 1 : 4, connections = 32 } = options
  const started: Started[] = []
  const rates = new Map<string, number[]>()
  try {
    for (const contestant of contestants) started.push(await start(contestant))
    for (const server of started) await ask(server, 2, connections)
    for (let round = 0; round < rounds; round++) {
      for (const server of started) {
        const rate = await ask(server, seconds, connections)
        rates.set(server.name, [...(rates.get(server.name) ?? []), rate])
      }
    }
  } finally {
    for (const server of started) server.process.kill()
  }
  const results = resultsOf(rates)
  print(question, results)
  return results
}

/** Fulfils once it listens. */
export async function start({ name, server: [file, ...args] }: Contestant): Promise<Started> {
  const path = fileURLToPath(new URL(`servers/${file}`, import.meta.url))
  const child = spawn('taskset', ['-c', String(MEASURED_CORE), process.execPath, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it listened`))),
  ])
  return { name, process: child, ...JSON.parse(String(line)) }
}

async function ask(server: Started, seconds: number, connections: number): Promise<number> {
  const headers = server.headers.flatMap((header) => ['-H', header])
  const shape = ['-t1', `-c${connections}`, `-d${seconds}s`, ...postScript(server.body)]
  const { stdout } = await run('taskset', [
    ...['-c', String(LOAD_CORE), 'wrk', ...shape, ...headers, server.url],
  ])
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)
  if (refused !== null) throw new Error(`${server.name} refused ${refused[1]} requests`)
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)
  if (rate === null) throw new Error(`wrk printed no rate for ${server.name}:\n${stdout}`)
  return Number(rate[1])
}

/** wrk takes a body from a script only. */
function postScript(body: string | undefined): string[] {
  if (body === undefined) return []
  const path = join(mkdtempSync(join(tmpdir(), 'lockgate-bench-')), 'post.lua')
  writeFileSync(path, `wrk.method = 'POST'\nwrk.body = [[${body}]]\n`)
  return ['-s', path]
}

function resultsOf(rates: ReadonlyMap<string, readonly number[]>): Result[] {
  const medians = [...rates].map(([name, all]) => ({ name, perSecond: median(all) }))
  const baseline = medians[0]?.perSecond ?? Number.NaN
  return medians.map((result) => ({ ...result, ratio: result.perSecond / baseline }))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function print(question: string, results: readonly Result[], unit = 'requests/s'): void {
  console.log(`\n${question}`)
  for (const { name, perSecond, ratio } of results) {
    const rate = Math.round(perSecond).toLocaleString('en').padStart(12)
    console.log(`  ${name.padEnd(44)} ${rate} ${unit}  ${ratio.toFixed(2)}`)
  }
}
