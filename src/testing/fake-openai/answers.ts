/**
 * How the local fake reads a body and writes an answer: OpenAI's error form, lengths, back-pressure.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiError } from './chat-request.ts'

/** Requests with a larger body are refused with 413. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

const INVALID = { type: 'invalid_request_error', param: null, code: null }
export const BODY_TOO_LARGE: ApiError = {
  ...INVALID,
  status: 413,
  message: 'The body is too large.',
}
export const NO_KEY: ApiError = {
  ...INVALID,
  status: 401,
  message: 'No API key was sent. Send it as "Authorization: Bearer KEY".',
}
export const WRONG_KEY: ApiError = {
  ...INVALID,
  status: 401,
  message: 'The API key is not correct.',
  code: 'invalid_api_key',
}
export const unknownPath = (method = '', path = ''): ApiError => {
  return { ...INVALID, status: 404, message: `There is no ${method} ${path}.` }
}
export const wrongMethod = (method = '', path = ''): ApiError => {
  return { ...INVALID, status: 405, message: `${method} is not allowed on ${path}.` }
}

export function sendError(res: ServerResponse, error: ApiError): void {
  const { status, ...fields } = error
  send(res, status, JSON.stringify({ error: fields }))
}

export function send(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  res.end(body)
}

/** The body as text; undefined when it is too large, null when the client went away. */
export async function readBody(req: IncomingMessage): Promise<string | undefined | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of req) {
      bytes += (chunk as Buffer).length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer)
    }
  } catch {
    return null
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

/** Fulfils when the client has read on or is gone. */
export function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}
