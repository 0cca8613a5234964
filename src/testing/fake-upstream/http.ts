/** How a local fake reads a body and writes an answer: refusals, lengths, back-pressure. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Requests with a larger body are refused with 413. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

/** A refusal; each protocol writes it in its own form. */
export interface ApiError {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

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
export const NOT_AN_OBJECT = invalid('The body is not a valid JSON object.')

export function unknownPath(method = '', path = ''): ApiError {
  return { ...INVALID, status: 404, message: `There is no ${method} ${path}.` }
}

export function wrongMethod(method = '', path = ''): ApiError {
  return { ...INVALID, status: 405, message: `${method} is not allowed on ${path}.` }
}

export function invalid(message: string, param: string | null = null): ApiError {
  return { ...INVALID, status: 400, message, param }
}

export function unknownModel(model: string): ApiError {
  const message = `The model '${model}' is not served here.`
  return { ...INVALID, status: 404, message, param: 'model', code: 'model_not_found' }
}

/** A refusal that was asked for, such as a provider's own limit or breakdown. */
export function askedFor(status: number): ApiError {
  const type = status === 429 ? 'rate_limit_error' : 'api_error'
  return {
    status,
    type,
    message: `The fake was told to answer ${status}.`,
    param: null,
    code: null,
  }
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

/** Fulfils when the system has all that was written, so that closing loses nothing of it. */
export async function flushed(res: ServerResponse): Promise<void> {
  while (!res.destroyed && (res.socket?.writableLength ?? 0) > 0) await sleep(1)
}

/** Fulfils when the client is gone. */
export function closed(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed) resolve()
    else res.once('close', () => resolve())
  })
}
