/**
 * Writes an answer's body after its head. What the upstream sends goes out within the same turn of
 * the event loop; the first chunk waits for the end of that turn, so that a short answer, which has
 * usually arrived whole by then, costs one write instead of three.
 */
import type { ServerResponse } from 'node:http'

/** Up to this size, joining head and body is cheaper than writing them side by side. */
const MAX_JOINED_BYTES = 4096

export class BodyWriter {
  readonly #response: ServerResponse
  #first: Buffer | undefined
  #flushed = false

  /** The head has been given to `writeHead`. */
  constructor(response: ServerResponse) {
    this.#response = response
    process.nextTick(flush, this)
  }

  /** False where the client has to catch up first; the response says `drain` then. */
  write(chunk: Buffer): boolean {
    if (!this.#flushed && this.#first === undefined) {
      this.#first = chunk
      return true
    }
    this.flush()
    return this.#response.write(chunk)
  }

  end(): void {
    this.#flushed = true
    const first = this.#first
    this.#first = undefined
    if (first === undefined) this.#response.end()
    // One character per byte, and back again: node joins strings, and buffers it does not.
    else if (first.length <= MAX_JOINED_BYTES)
      this.#response.end(first.toString('latin1'), 'latin1')
    else this.#response.end(first)
  }

  /** Sends the head, and the first chunk where there is one. */
  flush(): void {
    if (this.#flushed) return
    this.#flushed = true
    if (this.#first === undefined) this.#response.flushHeaders()
    else this.#response.write(this.#first)
    this.#first = undefined
  }
}

const flush = (writer: BodyWriter): void => writer.flush()
