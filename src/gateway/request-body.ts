/**
 * A request's body on its way to the upstream: counted, never held. Reading from the client follows
 * the upstream's pace. Destroying it leaves the client's connection alone, so that an answer can
 * still be sent; what then arrives is read and dropped.
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

export class RequestBody extends Readable {
  readonly #source: IncomingMessage
  readonly #maxBytes: number
  #bytes = 0

  constructor(source: IncomingMessage, maxBytes: number) {
    super()
    this.#source = source
    this.#maxBytes = maxBytes
    source.on('data', this.#onData)
    source.once('end', this.#onEnd)
    source.once('error', this.#onError)
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.resume()
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) this.destroy(new BodyTooLargeError())
    else if (!this.push(chunk)) this.#source.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onError = (error: Error): void => {
    this.destroy(error)
  }
}
