/**
 * Reads the body of a call before it is decided, because what it asks for is what it can cost. Bounded
 * twice: each body by its size, and all that are held at once by a budget, so that many large bodies
 * cannot fill memory. Who is slow is ended by the server's timeout.
 */
import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '../core/errors.ts'

/** How many bytes of bodies may be held at once. */
export class BodyBudget {
  readonly #maxBytes: number
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes) return false
    this.#heldBytes += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes
  }
}

export interface CallReaderEnd {
  done(body: Buffer): void
  failed(code: ErrorCode): void
}

export class CallReader {
  readonly #source: IncomingMessage
  readonly #maxBytes: number
  readonly #budget: BodyBudget
  readonly #end: CallReaderEnd
  #chunks: Buffer[] = []
  #heldBytes = 0

  constructor(source: IncomingMessage, maxBytes: number, budget: BodyBudget, end: CallReaderEnd) {
    this.#source = source
    this.#maxBytes = maxBytes
    this.#budget = budget
    this.#end = end
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    // Who is gone is noticed by the connection.
    source.on('error', ignore)
  }

  /** Nothing of the body is needed any more; what still comes is read and dropped. */
  release(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.resume()
    this.#chunks = []
    this.#budget.giveBack(this.#heldBytes)
    this.#heldBytes = 0
  }

  readonly #onData = (chunk: Buffer): void => {
    const isFit = this.#heldBytes + chunk.length <= this.#maxBytes
    if (!isFit || !this.#budget.take(chunk.length)) {
      this.release()
      this.#end.failed(isFit ? 'overloaded' : 'body_too_large')
      return
    }
    this.#heldBytes += chunk.length
    this.#chunks.push(chunk)
  }

  readonly #onEnd = (): void => {
    const [first] = this.#chunks
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#end.done(body)
  }
}

const ignore = (): void => {}
