/**
 * The client's side of an exchange: its answer, written with back-pressure, refused, or cut. Bytes are
 * never held beyond one chunk. An answer that cannot be completed ends with a destroyed socket, never
 * with a fake end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../http/admission.ts'
import { closeGentlyAtEnd, cut, isSmallBody } from '../http/server/answer.ts'
import type { Connection } from '../http/server/connection.ts'
import type { SoundRequest } from '../http/server/raw-request.ts'
import { BodyWriter } from './body-writer.ts'
import { reasonPhrase } from './response-headers.ts'
import type { Route } from './routes.ts'

/** The request as it arrived. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly sound: SoundRequest
  readonly route: Route | undefined
  /** The client waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean
}

export interface ClientSideParts {
  /** How long a client may leave an answer unread. */
  readonly stallTimeoutMs: number
  isDraining(): boolean
}

/** Where an answer comes from. */
export interface Flow {
  pause(): void
  resume(): void
}

export class ClientSide {
  readonly #parts: ClientSideParts
  readonly #arrival: Arrival
  #stall: NodeJS.Timeout | undefined
  /** Set once the head of the answer is written. */
  #writer: BodyWriter | undefined

  constructor(parts: ClientSideParts, arrival: Arrival) {
    this.#parts = parts
    this.#arrival = arrival
  }

  get isReading(): boolean {
    return this.#arrival.sound.bodyBytes !== 0 && !this.#arrival.request.complete
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined
  }

  begin(status: number, reason: string, headers: string[]): void {
    this.#decideConnection()
    this.#arrival.response.writeHead(status, reasonPhrase(reason), headers)
    this.#writer = new BodyWriter(this.#arrival.response)
  }

  /** Holds the flow up while the client catches up; one that does not, for too long, is reported. */
  write(chunk: Buffer, flow: Flow, onStall: () => void): void {
    if (this.#writer?.write(chunk) !== false) return
    flow.pause()
    clearTimeout(this.#stall)
    this.#stall = setTimeout(onStall, this.#parts.stallTimeoutMs)
    this.#arrival.response.once('drain', () => {
      clearTimeout(this.#stall)
      flow.resume()
    })
  }

  end(): void {
    this.#writer?.end()
  }

  refuse(refusal: Refusal): void {
    const { response, connection, sound, expectsContinue } = this.#arrival
    const unread = this.isReading && (expectsContinue || !isSmallBody(sound.bodyBytes))
    const close = refusal.close || unread || this.#parts.isDraining()
    connection.refuse(response, refusal, close)
  }

  /** Nothing more is written; the next request may have its turn. */
  finish(): void {
    clearTimeout(this.#stall)
    this.#arrival.connection.end()
  }

  /** Breaks off an answer that has begun. */
  cut(): void {
    cut(this.#arrival.connection.socket, this.#arrival.request.httpVersionMinor)
  }

  /** An answer that comes before the body has arrived, or during a shutdown, is the last one. */
  #decideConnection(): void {
    const { connection, response, sound } = this.#arrival
    if (this.isReading && !isSmallBody(sound.bodyBytes)) {
      connection.closing = true
      closeGentlyAtEnd(connection.socket)
      response.shouldKeepAlive = false
    } else if (this.#parts.isDraining()) response.shouldKeepAlive = false
  }
}
