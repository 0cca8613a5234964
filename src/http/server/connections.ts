/**
 * All connections of a server: answers what never becomes a request (what the parser refuses,
 * CONNECT, time-outs), and ends them all when it drains.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../../core/errors.ts'
import type { Refusal } from '../admission.ts'
import { Connection } from './connection.ts'
import { codeOf, type ParserError } from './parser-errors.ts'
import type { Peer } from './peers.ts'

export type Refusals = (code: ErrorCode, requestId?: string) => Refusal

export class Connections {
  readonly #peerOf: (remoteAddress: string | undefined) => Peer
  readonly #refusal: Refusals
  readonly #open = new Map<Duplex, Connection>()
  #draining = false

  constructor(peerOf: (remoteAddress: string | undefined) => Peer, refusal: Refusals) {
    this.#peerOf = peerOf
    this.#refusal = refusal
  }

  get isDraining(): boolean {
    return this.#draining
  }

  of(socket: Duplex): Connection | undefined {
    return this.#open.get(socket)
  }

  /** Follows a server's connections. */
  attach(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket))
    server.on('clientError', (error: ParserError, socket) => this.#failed(error, socket))
    server.on('connect', (_request: IncomingMessage, socket) => {
      // The parser has let go of the socket: what follows would be the tunnel's bytes.
      socket.on('error', () => socket.destroy())
      socket.resume()
      this.of(socket)?.endWith(this.#refusal('unsupported_method'))
    })
    // node's own version destroys connections whose last answer is still on its way out.
    server.closeIdleConnections = () => this.#drain()
  }

  /** Ends everything, at once. */
  cut(): void {
    for (const connection of this.#open.values()) connection.socket.destroy()
  }

  #opened(socket: Socket): void {
    const connection = new Connection(socket, this.#peerOf(socket.remoteAddress))
    this.#open.set(socket, connection)
    socket.once('close', () => {
      this.#open.delete(socket)
      connection.lost()
    })
  }

  #failed(error: ParserError, socket: Duplex): void {
    const connection = this.of(socket)
    const code = codeOf(error)
    if (connection === undefined || code === undefined) {
      socket.destroy()
      return
    }
    // Input after an answer that closes, or after "Connection: close", is nobody's request.
    if (connection.closing || error.code === 'HPE_CLOSED_CONNECTION') return
    const reading = connection.reading()
    if (reading === undefined) connection.endWith(this.#refusal(code))
    else {
      connection.closing = true
      reading.fail(code)
    }
  }

  #drain(): void {
    this.#draining = true
    for (const connection of this.#open.values()) connection.endWhenIdle()
  }
}
