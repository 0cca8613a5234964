/**
 * The credential of a request: `Authorization: Bearer KEY` (RFC 6750) or `X-API-Key: KEY`.
 *
 * One pass over the raw header list, so that a second line is seen where node would drop or join it.
 * Total: every list and target gives a key, nothing, or a fault with its code. The query is looked
 * at only to refuse a key that was put there; what it held is never part of the answer.
 */
import type { ErrorCode } from '../core/errors.ts'
import { hasKeyInQuery } from './key-in-query.ts'

export type CredentialFault = Extract<
  ErrorCode,
  'malformed_authorization' | 'duplicate_credential' | 'multiple_credentials' | 'key_in_url'
>

export type Credential =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'fault'; readonly code: CredentialFault }

const NONE: Credential = Object.freeze({ kind: 'none' })
const fault = (code: CredentialFault): Credential => Object.freeze({ kind: 'fault', code })
const MALFORMED = fault('malformed_authorization')
const DUPLICATE = fault('duplicate_credential')
const MULTIPLE = fault('multiple_credentials')
const IN_URL = fault('key_in_url')

/** `rawHeaders` is node's flat list: name, value, name, value … */
export function readCredential(target: string, rawHeaders: readonly string[]): Credential {
  let authorization: string | undefined
  let apiKey: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (isAuthorization(name)) {
      if (authorization !== undefined) return inUrlOr(DUPLICATE, target)
      authorization = rawHeaders[index + 1] ?? ''
    } else if (isApiKey(name)) {
      if (apiKey !== undefined) return inUrlOr(DUPLICATE, target)
      apiKey = rawHeaders[index + 1] ?? ''
    }
  }
  return inUrlOr(combine(authorization, apiKey), target)
}

/** A key in the URL is already leaked, so that is said before anything else. */
function inUrlOr(credential: Credential, target: string): Credential {
  const query = target.indexOf('?')
  return query !== -1 && hasKeyInQuery(target.slice(query + 1)) ? IN_URL : credential
}

function combine(authorization: string | undefined, apiKey: string | undefined): Credential {
  if (authorization === undefined || !isBearer(authorization)) return keyOrNone(apiKey)
  const bearer = authorization.slice(6).trim()
  if (bearer === '' || authorization.charCodeAt(6) !== SPACE || hasGap(bearer)) return MALFORMED
  if (apiKey !== undefined && apiKey !== '' && apiKey !== bearer) return MULTIPLE
  return { kind: 'key', key: bearer }
}

const keyOrNone = (key: string | undefined): Credential =>
  key === undefined || key === '' ? NONE : { kind: 'key', key }

const SPACE = 0x20
const TAB = 0x09

/** Whether the scheme is Bearer, in any case; `Bearer` alone and `Bearer<tab>x` are too. */
function isBearer(authorization: string): boolean {
  const scheme = authorization.slice(0, 6)
  if (scheme !== 'Bearer' && scheme.toLowerCase() !== 'bearer') return false
  const next = authorization.charCodeAt(6)
  return Number.isNaN(next) || next === SPACE || next === TAB
}

const hasGap = (text: string): boolean => text.includes(' ') || text.includes('\t')

/** The length is compared first, so that a header of another name costs next to nothing. */
function isAuthorization(name: string): boolean {
  if (name.length !== 13) return false
  return name === 'authorization' || name.toLowerCase() === 'authorization'
}

function isApiKey(name: string): boolean {
  if (name.length !== 9) return false
  return name === 'x-api-key' || name.toLowerCase() === 'x-api-key'
}
