/**
 * Sends batches: what is asked in one turn of the event loop goes out together at its end, in one
 * command for each slot of a Cluster, or one in all on a single server.
 *
 * A batch is sent once. Only a server that answers that it does not know the script gets the script
 * itself: it has run nothing.
 */
import type { Answer, Batch } from './batch.ts'
import type { RedisConnection } from './connection.ts'
import { isUnknownScript, unavailable } from './failure.ts'

/** Bounds how long one run of the script keeps the server: some 0.3 ms. */
const MAX_CALLS = 64

export interface Script {
  readonly text: string
  readonly sha1: string
}

export interface SenderOptions {
  readonly connection: RedisConnection
  readonly script: Script
  /** For batches that hold money. */
  readonly spendScript: Script
  readonly newBatch: () => Batch
  /** The time that the script goes by; 0: the server's. */
  readonly nowMs: () => number
}

export class Sender {
  readonly #options: SenderOptions
  readonly #open = new Map<string, Batch>()
  #scheduled = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** The batch to add a call to; `tag` is the hash tag of all its keys. */
  batchFor(tag: string, accepts: (batch: Batch) => boolean): Batch {
    const group = this.#options.connection.isCluster ? tag : ''
    const open = this.#open.get(group)
    if (open !== undefined && open.size < MAX_CALLS && accepts(open)) return open
    if (open !== undefined) void this.#send(open)
    const batch = this.#options.newBatch()
    this.#open.set(group, batch)
    this.#schedule()
    return batch
  }

  /** The time that the script is told; 0 where the server has it. */
  ownTimeMs(): number {
    return this.#options.nowMs()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const batches = [...this.#open.values()]
      this.#open.clear()
      for (const batch of batches) void this.#send(batch)
    })
  }

  /** Never rejects: a failure goes to those who wait. */
  async #send(batch: Batch): Promise<void> {
    const { keys, args } = batch.toArguments(this.#options.nowMs())
    try {
      const { script, spendScript } = this.#options
      const reply = await this.#run(batch.hasSpend ? spendScript : script, keys, args)
      batch.answer(answersOf(reply))
    } catch (error) {
      batch.fail(unavailable(error))
    }
  }

  async #run(script: Script, keys: readonly string[], rest: readonly string[]): Promise<unknown> {
    const { connection } = this.#options
    const args = [keys.length, ...keys, ...rest]
    const slotKey = keys[0] ?? ''
    try {
      return await connection.send('EVALSHA', [script.sha1, ...args], slotKey)
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return connection.send('EVAL', [script.text, ...args], slotKey)
    }
  }
}

function answersOf(reply: unknown): Answer[] {
  const answers: unknown = JSON.parse(String(reply))
  if (!Array.isArray(answers)) throw new Error('ERR the script did not answer with a list')
  return answers
}
