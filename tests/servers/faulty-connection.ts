/**
 * One connection through the fault proxy. Each direction is a queue, so bytes and the end of the stream
 * leave in the order in which they came, whatever holds them up.
 */
import { connect, type Socket } from 'node:net'

/** What becomes of a chunk: forwarded, or its connection is destroyed before or after that. */
export type Matcher = (chunk: Buffer, from: 'client' | 'server') => 'pass' | 'before' | 'after'

/** Shared by all connections of a proxy, which changes them while they run. */
export interface Faults {
  delayMs: number
  dropReplies: boolean
  stalled: boolean
  matcher: Matcher | undefined
}

export class FaultyConnection {
  readonly #faults: Faults
  readonly #client: Socket
  readonly #server: Socket
  readonly #requests: Flow
  readonly #replies: Flow
  /** Once a matcher has cut it, what still comes goes nowhere. */
  #isCut = false

  constructor(client: Socket, targetPort: number, faults: Faults, onClosed: () => void) {
    const target = { host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true }
    this.#faults = faults
    this.#client = client
    this.#server = connect(target)
    this.#requests = new Flow(this.#server, faults)
    this.#replies = new Flow(client, faults)
    client.on('data', (chunk) => this.#forward(chunk, 'client'))
    client.on('end', () => this.#requests.push('end', 0))
    client.on('error', () => this.destroy())
    this.#server.on('data', (chunk) => this.#forward(chunk, 'server'))
    this.#server.on('end', () => this.#replies.push('end', faults.delayMs))
    this.#server.on('error', () => this.destroy())
    for (const socket of [client, this.#server]) {
      socket.on('close', () => {
        if (client.closed && this.#server.closed) onClosed()
      })
    }
  }

  get isOpen(): boolean {
    return !this.#client.destroyed
  }

  /** Forwards what has waited for the end of a stall. */
  pump(): void {
    this.#requests.pump()
    this.#replies.pump()
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #forward(chunk: Buffer, from: 'client' | 'server'): void {
    if (this.#isCut) return
    const verdict = this.#faults.matcher?.(chunk, from) ?? 'pass'
    if (verdict !== 'pass') this.#faults.matcher = undefined
    if (verdict === 'before') {
      this.destroy()
      return
    }
    const isReply = from === 'server'
    const flow = isReply ? this.#replies : this.#requests
    const delayMs = isReply ? this.#faults.delayMs : 0
    if (!isReply || !this.#faults.dropReplies) flow.push(chunk, delayMs)
    if (verdict === 'pass') return
    this.#isCut = true
    // Ended, not destroyed: a reset could overtake the chunk and take it away again.
    flow.push('end', delayMs)
    const source = isReply ? this.#server : this.#client
    source.destroy()
  }
}

/** What one side is still to be sent. */
class Flow {
  readonly #target: Socket
  readonly #faults: Readonly<Faults>
  readonly #waiting: { readonly what: Buffer | 'end'; readonly dueMs: number }[] = []

  constructor(target: Socket, faults: Readonly<Faults>) {
    this.#target = target
    this.#faults = faults
  }

  push(what: Buffer | 'end', delayMs: number): void {
    this.#waiting.push({ what, dueMs: performance.now() + delayMs })
    if (delayMs > 0) setTimeout(() => this.pump(), delayMs + 1)
    else this.pump()
  }

  pump(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || this.#faults.stalled || next.dueMs > performance.now()) return
      this.#waiting.shift()
      if (this.#target.destroyed) continue
      if (next.what === 'end') this.#target.end()
      else this.#target.write(next.what)
    }
  }
}
