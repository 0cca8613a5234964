/** Starts writers as real processes and reads what they acknowledge. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Acknowledged } from './sqlite-writer.ts'

const WRITER = new URL('./sqlite-writer.ts', import.meta.url).pathname

export class WriterProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly acknowledged: Acknowledged[] = []
  #errors = ''

  constructor(path: string, name: string, count?: number) {
    const limit = count === undefined ? [] : [String(count)]
    this.#child = spawn(process.execPath, [WRITER, path, name, ...limit], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'close')
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors += chunk
    })
    if (this.#child.stdout === null) throw new Error('no stdout')
    // A line that was cut off by the kill is not valid JSON; it was not acknowledged.
    createInterface(this.#child.stdout).on('line', (line) => {
      if (line.endsWith('}')) this.acknowledged.push(JSON.parse(line))
    })
  }

  /** Fulfils when it has acknowledged at least `count` changes; rejects when it ended before. */
  async hasAcknowledged(count: number): Promise<void> {
    while (this.acknowledged.length < count) {
      if (this.#child.exitCode !== null) throw new Error(`the writer ended: ${this.#errors}`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** Its exit code and what it wrote to stderr. */
  async end(): Promise<{ code: number | null; errors: string }> {
    await this.#ended
    return { code: this.#child.exitCode, errors: this.#errors }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
