/** The upstream of a proxy under measurement: a process of its own, on the core of the load. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LOAD_CORE } from '../pin.ts'

/** Fulfils with its origin. It ends with this process. */
export async function startUpstream(file: string, ...args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn('taskset', ['-c', String(LOAD_CORE), process.execPath, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill())
  process.once('SIGTERM', () => process.exit())
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return new URL(JSON.parse(String(line)).url).origin
}
