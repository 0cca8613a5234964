/** What went wrong with an upstream, as codes of our catalogue. Pure. */
import { errors } from 'undici'
import type { ErrorCode } from '../core/errors.ts'
import { BodyTooLargeError } from './request-body.ts'

/** `started`: the request was put on a connection. */
export function upstreamErrorCode(error: Error, started: boolean): ErrorCode {
  if (error instanceof BodyTooLargeError) return 'body_too_large'
  if (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  ) {
    return 'upstream_timeout'
  }
  return started ? 'upstream_bad_response' : 'upstream_unreachable'
}

/** Why we end an upstream request ourselves. Never seen by anyone. */
export const abortReason = (): Error => new errors.RequestAbortedError()
