/** A client that writes bytes as they are given and tells what came back. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #ended = false
  #changed: () => void = () => {}

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#changed()
    })
    const ended = (): void => {
      this.#ended = true
      this.#changed()
    }
    this.socket.on('end', ended).on('close', ended)
    this.socket.on('error', () => {})
  }

  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  get received(): string {
    return this.#received.toString('latin1')
  }

  /** The next whole answer with a Content-Length; rejects when none comes. */
  async answer(timeoutMs = 5_000): Promise<RawAnswer> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const parsed = this.#take()
      if (parsed !== undefined) return parsed
      if (this.#ended || Date.now() > deadline) break
      await this.#change(deadline)
    }
    throw new Error(`no answer; received ${JSON.stringify(this.received)}`)
  }

  /** True once the server has ended the connection; false if it has not in time. */
  async closed(timeoutMs = 3_000): Promise<boolean> {
    return until(() => this.#ended, timeoutMs)
  }

  end(): void {
    this.socket.destroy()
  }

  /** Resolves when something arrived, or at the deadline. */
  #change(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, deadline - Date.now() + 1)
      this.#changed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #take(): RawAnswer | undefined {
    const text = this.received
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd === -1) return undefined
    const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const status = Number(first.split(' ')[1])
    const length = status < 200 ? 0 : Number(headers['content-length'] ?? 0)
    if (text.length < headEnd + 4 + length) return undefined
    this.#received = this.#received.subarray(headEnd + 4 + length)
    return { status, headers, body: text.slice(headEnd + 4, headEnd + 4 + length) }
  }
}

/** Waits until `holds`; tells whether it did in time. */
export async function until(holds: () => boolean, timeoutMs = 5_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > deadline) return false
    await sleep(5)
  }
  return true
}
