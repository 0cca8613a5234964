/**
 * The life of one response, for everything that has to end with it: calls that a handler makes on its
 * behalf, and what is held for them. One listener on the response, however many calls there are.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { onResponseEnd } from './response-end.ts'

export class ResponseLifetime {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #ends: Set<(isGone: boolean) => void> | undefined
  #isOver = false

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
  }

  /**
   * Calls back once when the response is over: at once where it is. `isGone`: the client left before it
   * had all of it. Returns how to take the listener off again.
   */
  onEnd(end: (isGone: boolean) => void): () => void {
    if (this.#ends === undefined) {
      this.#ends = new Set()
      onResponseEnd(this.#req, this.#res, () => this.#end())
    }
    if (this.#isOver) {
      end(this.isGone)
      return () => {}
    }
    const ends = this.#ends
    ends.add(end)
    return () => void ends.delete(end)
  }

  /** Bytes of the request that a prompt can be made of: its target, and its body where that has a length. */
  get requestBytes(): number {
    const length = Number(this.#req.headers['content-length'] ?? 0)
    return Buffer.byteLength(this.#req.url ?? '') + (Number.isSafeInteger(length) ? length : 0)
  }

  /** The client left before it had the whole response. */
  get isGone(): boolean {
    const isOver = this.#isOver || this.#res.closed || this.#req.socket.destroyed
    return isOver && !this.#res.writableFinished
  }

  #end(): void {
    this.#isOver = true
    const ends = [...(this.#ends ?? [])]
    this.#ends?.clear()
    for (const end of ends) end(this.isGone)
  }
}
