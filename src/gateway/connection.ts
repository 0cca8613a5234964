/**
 * What the gateway knows about a client's connection: who is at the other end, which requests are in
 * flight on it, and whether anything more may be read from it.
 *
 * After an answer that closes, bytes that follow are no longer trusted to be requests: whatever the
 * parser still makes of them is ignored. With pipelining several answers may be outstanding; what
 * ends the connection waits for all of them.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { Refusal } from '../http/admission.ts'
import { answer, answerOnSocket, closeGently } from './answer.ts'
import type { Peer } from './peers.ts'

/** A request in flight, as far as its connection is concerned. */
export interface InFlight {
  /** True while bytes of its body are missing. */
  readonly isReading: boolean
  /** Refuses it; cuts its answer if that has begun. */
  fail(code: ErrorCode): void
  /** The client is gone: stop the upstream, answer nobody. */
  abandon(): void
}

export class Connection {
  readonly socket: Socket
  readonly remoteAddress: string | undefined
  readonly peer: Peer
  /** Set once an answer closes the connection, or its input can no longer be parsed. */
  closing = false
  readonly #inFlight = new Set<InFlight>()
  #outstanding = 0
  #lastWord: Refusal | undefined
  #endsWhenIdle = false

  constructor(socket: Socket, peer: Peer) {
    this.socket = socket
    this.remoteAddress = socket.remoteAddress
    this.peer = peer
  }

  /** To be called for every response, before anything else is done with it. */
  expect(response: ServerResponse): void {
    this.#outstanding++
    response.once('close', this.#answered)
  }

  begin(request: InFlight): void {
    this.#inFlight.add(request)
  }

  end(request: InFlight): void {
    this.#inFlight.delete(request)
  }

  /** Answers with a refusal. `close`: the connection ends even if the refusal does not ask for it. */
  refuse(response: ServerResponse, refusal: Refusal, close = refusal.close): void {
    if (close) this.closing = true
    answer(response, refusal, close)
  }

  /** The request whose body is being read, if any. */
  reading(): InFlight | undefined {
    for (const request of this.#inFlight) if (request.isReading) return request
    return undefined
  }

  /** Refuses what followed the requests in flight, once those are answered. */
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
    for (const request of this.#inFlight) request.abandon()
    this.#inFlight.clear()
  }

  readonly #answered = (): void => {
    this.#outstanding--
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (this.#outstanding > 0) return
    if (this.#lastWord !== undefined) answerOnSocket(this.socket, this.#lastWord)
    else if (this.#endsWhenIdle) closeGently(this.socket)
  }
}
