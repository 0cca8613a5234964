/**
 * Forward-auth for nginx, Caddy and Traefik: the client's own key is checked and charged as by a
 * request to the API, and who it is comes back in headers. The admission has been made by the time
 * that `handle` is called; here is which scope it needs, and what the answer holds.
 */
import { isScope } from '../../core/scopes.ts'
import { scopeForMethod } from '../../http/admit.ts'
import { identityHeaders } from '../../http/identity-headers.ts'
import { invalidParameter, readQuery } from '../contract/read-input.ts'
import { type AdminRoute, type ArrivingRequest, jsonAnswer } from '../routes.ts'
import { authorize } from './contract.ts'

export function authorizeRoute(): AdminRoute {
  const { method, path } = authorize
  return {
    ...{ method, path, access: 'client', scopeOf },
    handle({ caller, requestId }) {
      if (caller === undefined) throw new Error('a client was let in without a key')
      const { keyId, owner, tier, scopes } = caller
      const headers = [...identityHeaders(caller), ['x-lockgate-request-id', requestId] as const]
      const answer = jsonAnswer(200, { key_id: keyId, owner, tier, scopes })
      return { ...answer, headers: Object.fromEntries(headers) }
    },
  }
}

/** The scope that is asked for, or what the method of the original request needs. */
function scopeOf(request: ArrivingRequest): string {
  const { scope } = readQuery(authorize.query, request.query) as { readonly scope?: string }
  if (scope === undefined) return scopeForMethod(originalMethod(request))
  if (isScope(scope)) return scope
  throw invalidParameter('The query parameter "scope" must be a scope such as "chat:write".')
}

/** Anybody can send these headers, so only a trusted proxy is believed. */
function originalMethod({ method, headers, isFromProxy }: ArrivingRequest): string {
  if (!isFromProxy) return method
  const forwarded = headers['x-forwarded-method'] ?? headers['x-original-method'] ?? method
  return String(forwarded).toUpperCase()
}
