/**
 * Refusals: a code of the catalogue and what is known about the request become a complete answer.
 *
 * Pure. Every body is `{code, message, request_id}`, with `retry_after` on 429 and 503 and the same
 * number in Retry-After. A 401 for a key says nothing but that it is not valid: whatever the reason
 * was, two of them differ in their request_id only.
 */
import type { ErrorCode } from '../core/errors.ts'
import { ConfigError, ERRORS } from '../core/errors.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { HttpSettings } from '../core/settings.ts'
import type { Refusal } from './admission.ts'
import type { Header } from './rate-limit-headers.ts'
import { createRateLimitHeaders, quoteText } from './rate-limit-headers.ts'

export interface RefusalContext {
  readonly requestId: string
  /** Replaces the catalogue's message. Ignored for `invalid_key`. */
  readonly message?: string | undefined
  /** Whole seconds; at least 1 is sent. Without it a 429 or 503 says 1. */
  readonly retryAfterSeconds?: number | undefined
  /** The missing scope, for `insufficient_scope`. */
  readonly scope?: string | undefined
  /** The violated limit or cap; a cap is named in the message. */
  readonly limitName?: string | undefined
  /** For the RateLimit headers. */
  readonly limits?: readonly LimitStatus[] | undefined
}

export type Refuse = (code: ErrorCode, context: RefusalContext) => Refusal

/** The `error` of RFC 6750 for the codes that have one. */
const BEARER_ERRORS: ReadonlyMap<ErrorCode, string> = new Map([
  ['malformed_authorization', 'invalid_request'],
  ['duplicate_credential', 'invalid_request'],
  ['multiple_credentials', 'invalid_request'],
  ['key_in_url', 'invalid_request'],
  ['invalid_key', 'invalid_token'],
  ['insufficient_scope', 'insufficient_scope'],
])

/** Throws ConfigError for a realm that no header can carry. */
export function createRefuse(
  settings: Pick<HttpSettings, 'errors' | 'legacyHeaders' | 'realm'>,
): Refuse {
  const { errors } = settings
  const challenge = `Bearer realm=${readRealm(settings.realm)}`
  const rateLimitHeaders = createRateLimitHeaders(settings)

  return function refuse(code, context) {
    const { status, close = false } = specOf(code)
    const retryAfter = retryAfterOf(status, context.retryAfterSeconds)
    const fields = {
      code,
      message: messageOf(code, context),
      ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
      request_id: context.requestId,
    }
    const body = JSON.stringify(errors === 'openai' ? nestLikeOpenAI(fields, status) : fields)
    const headers: Header[] = [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(Buffer.byteLength(body))],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
    ]
    const authenticate = challengeFor(code, status, challenge, context.scope)
    if (authenticate !== undefined) headers.push(['WWW-Authenticate', authenticate])
    if (retryAfter !== undefined) headers.push(['Retry-After', String(retryAfter)])
    if (context.limits !== undefined) headers.push(...rateLimitHeaders(context.limits))
    if (close) headers.push(['Connection', 'close'])
    return { code, status, headers, body, close }
  }
}

const specOf = (code: ErrorCode): { readonly status: number; readonly close?: boolean } =>
  ERRORS[code]

/** What is said to the client; of a cap, which. */
export function messageOf(
  code: ErrorCode,
  { message, limitName }: Pick<RefusalContext, 'message' | 'limitName'>,
): string {
  if (code === 'invalid_key') return ERRORS[code].message
  if (message !== undefined) return message
  return code === 'spend_exceeded' && limitName !== undefined
    ? `The spend cap ${limitName} is reached. Wait for Retry-After or ask to raise it.`
    : ERRORS[code].message
}

function retryAfterOf(status: number, seconds = 1): number | undefined {
  if (status !== 429 && status !== 503) return undefined
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : 1
}

function challengeFor(
  code: ErrorCode,
  status: number,
  challenge: string,
  scope: string | undefined,
): string | undefined {
  const error = BEARER_ERRORS.get(code)
  if (error === undefined) return status === 401 ? challenge : undefined
  const named = code === 'insufficient_scope' && scope !== undefined
  return `${challenge}, error="${error}"${named ? `, scope=${quoteText(scope)}` : ''}`
}

/** OpenAI's SDKs show `error.message` and offer `error.code` and `error.type`. */
function nestLikeOpenAI(fields: object, status: number): object {
  return { error: { ...fields, type: openAITypeOf(status), param: null } }
}

function openAITypeOf(status: number): string {
  if (status >= 500) return 'server_error'
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error'
}

function readRealm(realm: string): string {
  if (/^[\x20-\x7e]*$/.test(realm)) return quoteText(realm)
  throw new ConfigError('The realm of WWW-Authenticate must be printable ASCII')
}
