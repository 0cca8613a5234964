/**
 * Writes refusals: on a response, or on the bare socket where the parser gave up and there is none.
 *
 * A connection that must close does so gently: our side ends at once, but what still arrives is read
 * for a moment. Closing a socket with unread input makes the kernel send a reset, and a reset can
 * overtake the answer.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from '../admission.ts'

const LINGER_MS = 500
/** An unread body up to this size is cheaper to read and drop than a new connection. */
const MAX_DRAINED_BYTES = 65_536

/** True where a body of `bodyBytes` (-1: chunked) can be left unread without closing. */
export const isSmallBody = (bodyBytes: number): boolean =>
  bodyBytes >= 0 && bodyBytes <= MAX_DRAINED_BYTES

/** Answers with a refusal; `close` ends the connection after it, also where the refusal would not. */
export function answer(response: ServerResponse, refusal: Refusal, close: boolean): void {
  if (close && response.socket !== null) closeGentlyAtEnd(response.socket)
  const headers = refusal.headers.flat()
  if (close && !refusal.close) headers.push('Connection', 'close')
  if (close) response.shouldKeepAlive = false
  response.writeHead(refusal.status, headers)
  response.end(refusal.body)
}

/** Answers on a socket that has no response, and ends it. */
export function answerOnSocket(socket: Socket, refusal: Refusal): void {
  const lines = refusal.headers.map(([name, value]) => `${name}: ${value}\r\n`)
  if (!refusal.close) lines.push('Connection: close\r\n')
  const reason = STATUS_CODES[refusal.status] ?? ''
  const date = new Date().toUTCString()
  socket.write(`HTTP/1.1 ${refusal.status} ${reason}\r\nDate: ${date}\r\n${lines.join('')}\r\n`)
  socket.write(refusal.body)
  closeGently(socket)
}

/** Ends our side now, and the socket when the other side ends or after a moment. */
export function closeGently(socket: Socket): void {
  if (socket.writableEnded) return
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
  })
}

/** node:http calls `destroySoon` after a last response; makes that a gentle close. */
export function closeGentlyAtEnd(socket: Socket): void {
  socket.destroySoon = () => closeGently(socket)
}

/**
 * Ends an answer that cannot be completed. Where the end of the connection is the end of the body
 * (HTTP/1.0), only a reset says that something is missing.
 */
export function cut(socket: Socket, httpVersionMinor: number): void {
  if (httpVersionMinor === 0) socket.resetAndDestroy()
  else socket.destroy()
}
