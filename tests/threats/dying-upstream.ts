/** An upstream on bare sockets, whose connection dies at a byte of the request or of the answer. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

export interface Death {
  /** Once so many bytes of the request were read; or before the byte of the answer that has this number. */
  readonly of: 'request' | 'answer'
  readonly atByte: number
}

export class DyingUpstream {
  /** The next request is the one that is not survived; undefined: none. */
  death: Death | undefined
  /** Whole answers, head and all. */
  answer = ''
  /** Beginnings of requests that arrived. */
  requests = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<DyingUpstream> {
    const upstream = new DyingUpstream()
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Those that are kept alive; the next request needs a new one. */
  closeConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  stop(): void {
    this.closeConnections()
    this.#server.close()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk) => {
      if (received.length === 0) this.requests++
      received = Buffer.concat([received, chunk])
      const { death } = this
      if (death?.of === 'request' && received.length >= death.atByte) {
        socket.resetAndDestroy()
        return
      }
      if (!isWhole(received)) return
      received = Buffer.alloc(0)
      if (death?.of !== 'answer') socket.write(this.answer)
      else socket.write(this.answer.slice(0, death.atByte), () => socket.destroy())
    })
  }
}

function isWhole(request: Buffer): boolean {
  const headEnd = request.indexOf('\r\n\r\n')
  const length = /content-length: (\d+)/i.exec(request.toString('latin1', 0, Math.max(0, headEnd)))
  return headEnd >= 0 && request.length >= headEnd + 4 + Number(length?.[1] ?? 0)
}
