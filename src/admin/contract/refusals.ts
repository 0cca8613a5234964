/** Which refusals a route can answer with: by who may ask, by what it reads, and its own. */
import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import type { AdminRoute } from '../routes.ts'

/** What any request can meet, before or after its route is known. */
const ANY: readonly ErrorCode[] = [
  ...(['bad_host', 'bad_framing', 'unsupported_transfer_coding', 'headers_too_large'] as const),
  ...(['uri_too_long', 'bad_target', 'bad_request', 'method_not_allowed'] as const),
  ...(['unsupported_method', 'upgrade_unsupported', 'expectation_failed'] as const),
  ...(['body_too_large', 'request_timeout', 'key_in_url', 'internal'] as const),
]

/** What counts for an address can be over its limit. */
const COUNTED: readonly ErrorCode[] = ['rate_limited', 'limiter_unavailable']

const WITH_KEY: readonly ErrorCode[] = [
  ...COUNTED,
  ...(['missing_key', 'malformed_authorization', 'duplicate_credential'] as const),
  ...(['multiple_credentials', 'invalid_key', 'insufficient_scope', 'ip_not_allowed'] as const),
  ...(['too_many_failures', 'concurrency_limited', 'auth_unavailable', 'overloaded'] as const),
]

const JSON_BODY: readonly ErrorCode[] = [
  ...(['unsupported_media_type', 'unsupported_encoding', 'invalid_json'] as const),
  ...(['json_too_complex', 'unknown_field', 'invalid_field'] as const),
]

export interface RefusedBy {
  readonly access: AdminRoute['access']
  readonly isUncounted?: true
  readonly readsJson?: boolean
  readonly readsQuery?: boolean
  readonly asksStore?: boolean
  readonly own?: readonly ErrorCode[]
}

/** By status, each code once. */
export function refusalsOf(parts: RefusedBy): ReadonlyMap<number, readonly ErrorCode[]> {
  const byAccess = parts.access === 'public' ? COUNTED : WITH_KEY
  const codes = new Set<ErrorCode>([
    ...ANY,
    ...(parts.isUncounted === true ? [] : byAccess),
    ...(parts.readsJson === true ? JSON_BODY : []),
    ...(parts.readsQuery === true ? (['invalid_parameter'] as const) : []),
    ...(parts.asksStore === true ? (['store_unavailable'] as const) : []),
    ...(parts.own ?? []),
  ])
  return Map.groupBy(codes, (code) => ERRORS[code].status)
}
