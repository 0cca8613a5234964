/**
 * What a server knows about a client's connection: who is at the other end, which request is in
 * flight on it, and whether anything more may be read from it.
 *
 * Pipelined requests take turns: one is looked at when the answer before it is out. After an answer
 * that closes, bytes that follow are no longer trusted to be requests: whatever the parser still
 * makes of them is ignored.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../../core/errors.ts'
import type { Refusal } from '../admission.ts'
import { answer, answerOnSocket, closeGently } from './answer.ts'
import type { Peer } from './peers.ts'

/** A request in flight, as far as its connection is concerned. */
export interface InFlight {
  /** True while bytes of its body are missing. */
  readonly isReading: boolean
  /** Refuses it; cuts its answer if that has begun. */
  fail(code: ErrorCode): void
  /** The client is gone: stop the work, answer nobody. */
  abandon(): void
}

/** So many pipelined requests may wait; then reading stops until they have had their turn. */
const MAX_WAITING = 16

export class Connection {
  readonly socket: Socket
  readonly remoteAddress: string | undefined
  readonly peer: Peer
  /** Set once an answer closes the connection, or its input can no longer be parsed. */
  closing = false
  readonly #waiting: (() => void)[] = []
  #busy = false
  #inFlight: InFlight | undefined
  #lastWord: Refusal | undefined
  #endsWhenIdle = false

  constructor(socket: Socket, peer: Peer) {
    this.socket = socket
    this.remoteAddress = socket.remoteAddress
    this.peer = peer
  }

  /** True while an answer is outstanding. */
  get isBusy(): boolean {
    return this.#busy
  }

  /** Keeps a pipelined request until it is its turn. */
  defer(next: () => void): void {
    if (this.#waiting.push(next) >= MAX_WAITING) this.socket.pause()
  }

  /** Takes the turn for this response; to be called before anything else is done with it. */
  expect(response: ServerResponse): void {
    this.#busy = true
    // `once` would wrap it for every request; a response closes one time only.
    response.on('close', this.#answered)
  }

  begin(request: InFlight): void {
    this.#inFlight = request
  }

  end(): void {
    this.#inFlight = undefined
  }

  /** Answers with a refusal. `close`: the connection ends even if the refusal does not ask for it. */
  refuse(response: ServerResponse, refusal: Refusal, close = refusal.close): void {
    if (close) this.closing = true
    answer(response, refusal, close)
  }

  /** The request whose body is being read, if any. */
  reading(): InFlight | undefined {
    return this.#inFlight?.isReading === true ? this.#inFlight : undefined
  }

  /** Refuses what followed the request in flight, once that is answered. */
  endWith(refusal: Refusal): void {
    this.closing = true
    this.#lastWord = refusal
    this.#endIfIdle()
  }

  /** Closes as soon as nothing is in flight; requests that arrive until then are still seen. */
  endWhenIdle(): void {
    this.#endsWhenIdle = true
    this.#endIfIdle()
  }

  /** The socket has closed. */
  lost(): void {
    this.closing = true
    this.#inFlight?.abandon()
  }

  readonly #answered = (): void => {
    this.#busy = false
    const next = this.closing ? undefined : this.#waiting.shift()
    if (next === undefined) {
      this.#endIfIdle()
      return
    }
    next()
    if (this.#waiting.length === 0 && this.socket.isPaused()) this.socket.resume()
  }

  #endIfIdle(): void {
    if (this.#busy) return
    if (this.#lastWord !== undefined) answerOnSocket(this.socket, this.#lastWord)
    else if (this.#endsWhenIdle) closeGently(this.socket)
  }
}
