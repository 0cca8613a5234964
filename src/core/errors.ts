/**
 * The error catalogue: every `code` a client or operator can meet, its HTTP status and its default
 * message. Codes are stable. `docs/errors.md` lists the same codes; a test keeps the two equal.
 */
export interface ErrorSpec {
  readonly status: number
  /** Said to the client; names the next step, never a secret. */
  readonly message: string
  /** The connection is closed after this answer: its framing or its pace can no longer be trusted. */
  readonly close?: true
}

const spec = (status: number, message: string): ErrorSpec => ({ status, message })
const closing = (status: number, message: string): ErrorSpec => ({ status, message, close: true })

export const ERRORS = Object.freeze({
  missing_key: spec(401, 'No API key. Send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".'),
  malformed_authorization: spec(
    400,
    'The Authorization header must be "Bearer KEY", with one key.',
  ),
  duplicate_credential: spec(400, 'The credential header was sent more than once. Send one.'),
  multiple_credentials: spec(400, 'Authorization and X-API-Key hold different keys. Send one.'),
  key_in_url: spec(400, 'An API key was sent in the URL. Send it in a header and replace the key.'),
  invalid_key: spec(401, 'This API key is not valid. Check it, or ask for a new one.'),
  insufficient_scope: spec(403, 'This API key lacks the scope that the request needs.'),
  ip_not_allowed: spec(403, 'This API key may not be used from this address.'),
  not_found: spec(404, 'There is no such object.'),
  conflict: spec(409, 'The object is not in a state that allows this.'),
  rate_limited: spec(429, 'Too many requests. Wait for the time in Retry-After, then try again.'),
  too_many_failures: spec(429, 'Too many bad credentials from this address. Wait, then try again.'),
  concurrency_limited: spec(429, 'Too many requests at once with this key. Let one finish first.'),
  model_not_allowed: spec(403, 'This API key may not use the model that was asked for.'),
  spend_exceeded: spec(429, 'The spend cap is reached. Wait for Retry-After or ask to raise it.'),
  limiter_unavailable: spec(503, 'Limits cannot be checked right now. Try again shortly.'),
  auth_unavailable: spec(503, 'Keys cannot be checked right now. Try again shortly.'),
  store_unavailable: spec(503, 'The database cannot be reached. Nothing was changed.'),
  overloaded: closing(503, 'The server is busy. Try again shortly.'),
  bad_host: closing(400, 'Send exactly one valid Host header.'),
  bad_framing: closing(400, 'The length of the request is ambiguous.'),
  unsupported_transfer_coding: closing(501, 'The only supported transfer coding is chunked.'),
  headers_too_large: closing(431, 'Send at most 16 KB and 100 lines of headers.'),
  uri_too_long: closing(414, 'The request target may have at most 8 KB.'),
  bad_target: spec(
    400,
    'The request target must be a plain path, without "//", "\\" or dot segments.',
  ),
  method_not_allowed: spec(405, 'This method is not allowed here.'),
  unsupported_method: closing(501, 'CONNECT is not supported.'),
  upgrade_unsupported: closing(501, 'Protocol upgrades are not supported.'),
  bad_request: closing(400, 'This is not a valid HTTP/1.1 request.'),
  unsupported_media_type: spec(415, 'Send the body as application/json.'),
  unsupported_encoding: spec(415, 'Send the body without Content-Encoding.'),
  body_too_large: closing(413, 'The request body is too large.'),
  invalid_json: spec(400, 'The body is not valid JSON.'),
  json_too_complex: spec(400, 'The JSON body is nested deeper than 64 levels.'),
  unknown_field: spec(400, 'The body has a member that is not known here.'),
  invalid_field: spec(422, 'A value is of the wrong type or out of range.'),
  idempotency_conflict: spec(409, 'This Idempotency-Key was used with another body.'),
  invalid_parameter: spec(400, 'A query parameter is not valid.'),
  request_timeout: closing(408, 'The request took too long to arrive.'),
  expectation_failed: closing(417, 'The only supported expectation is 100-continue.'),
  unknown_route: spec(404, 'There is nothing at this path.'),
  upstream_unreachable: spec(502, 'The upstream cannot be reached.'),
  upstream_timeout: spec(504, 'The upstream did not answer in time.'),
  upstream_bad_response: spec(502, 'The upstream sent an answer that is not valid HTTP.'),
  upstream_auth_failed: spec(502, "The upstream refused the gateway's own credential."),
  csrf: spec(403, 'This form was sent from another site.'),
  link_expired: spec(410, 'This link was used or has expired.'),
  bad_signature: spec(401, 'The signature does not match the body.'),
  internal: spec(500, 'Something failed on our side. Quote the request_id when you report it.'),
} satisfies Record<string, ErrorSpec>)

export type ErrorCode = keyof typeof ERRORS

/**
 * A failure with a code of the catalogue. Denials of a request are values (see `Decision`), never
 * this. `message` says what is wrong and what to do next, and holds no secret.
 */
export class LockgateError extends Error {
  override readonly name = 'LockgateError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string = ERRORS[code].message, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The configuration cannot be used; `message` names the member's path and the next step. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type CountersFailure =
  | 'unreachable'
  | 'too_slow'
  | 'read_only'
  | 'loading'
  | 'cluster_down'
  | 'out_of_memory'
  | 'server_error'

/** The shared counters did not answer, or refused. `message` names no credential. */
export class CountersUnavailableError extends Error {
  override readonly name = 'CountersUnavailableError'
  readonly reason: CountersFailure

  constructor(reason: CountersFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
