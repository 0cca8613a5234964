/**
 * The admin listener's routes, as a table. Deny by default: what is not in the table is not there,
 * and each entry says who may ask. `public` must be written out.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Denied, Identity } from '../core/decision.ts'
import type { Refusal } from '../http/admission.ts'

/** A request as a handler sees it: admitted, its path matched, its body read. */
export interface AdminRequest {
  readonly requestId: string
  /** Segments of the path by their names in `{…}`, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** JSON read strictly, a form as a record of its fields, raw bytes; undefined where none is read. */
  readonly body: unknown
  /** The client's address as it is counted. */
  readonly address: string | undefined
  /** Whose key it was; undefined on public routes. */
  readonly caller: Identity | undefined
}

/** What is known of a request before its key is checked. */
export interface ArrivingRequest extends Pick<AdminRequest, 'query' | 'headers'> {
  readonly method: string
  /** It came from a trusted proxy: what that says of its client is believed. */
  readonly isFromProxy: boolean
}

export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** More headers, by their names; they take the place of ours. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What is known of a request that is refused, however early that is. */
export type RefusedRequest = Pick<AdminRequest, 'requestId' | 'headers'>

/** An answer, or a denial of the gate, which becomes the refusal that it is everywhere. */
export type Handled = AdminAnswer | Denied

interface RouteParts {
  readonly method: 'GET' | 'POST'
  /** Compared with the whole path; a segment such as `{id}` takes any one that is not empty. */
  readonly path: string
  /**
   * How a body is read; absent: there is none. `json` and `raw` (a Buffer) must be application/json,
   * `form` must be application/x-www-form-urlencoded.
   */
  readonly body?: 'json' | 'form' | 'raw'
  /** Without a body, `request.body` is undefined. Default: that is refused as `invalid_json`. */
  readonly bodyIsOptional?: true
  /** Default 64 KiB. */
  readonly maxBodyBytes?: number
  /** A form of its own for each refusal of this route, such as a page. Default: JSON. */
  refuse?(refusal: Refusal, request: RefusedRequest): Refusal
  /** LockgateErrors that it throws become their refusals. */
  handle(request: AdminRequest): Handled | Promise<Handled>
}

/**
 * Who may ask. `public`: everybody, which must be written out; each request counts for its address.
 * `self`: keys with scope `self` or `admin`. `client`: whoever has a key, which is charged as by a
 * request to the API itself.
 */
export type AdminRoute = RouteParts &
  (
    | { readonly access: 'public'; readonly isUncounted?: true }
    | { readonly access: 'self' | 'admin' }
    | {
        readonly access: 'client'
        /** The scope that the request needs; undefined: any key. Throws LockgateErrors. */
        readonly scopeOf: (request: ArrivingRequest) => string | undefined
      }
  )

export type Found =
  | {
      readonly kind: 'route'
      readonly route: AdminRoute
      readonly params: Readonly<Record<string, string>>
    }
  | { readonly kind: 'unknown_route' }
  | { readonly kind: 'method_not_allowed'; readonly allow: string }

/** Finds the route for a method and a path. HEAD is answered as GET is; node leaves the body out. */
export type FindRoute = (asked: { readonly method: string; readonly path: string }) => Found

export function createFindRoute(routes: readonly AdminRoute[]): FindRoute {
  const entries = routes.map((route) => ({ route, pattern: route.path.split('/') }))
  return function findRoute({ method, path }) {
    const segments = path.split('/')
    const here = entries.flatMap(({ route, pattern }) => {
      const params = match(pattern, segments)
      return params === undefined ? [] : [{ route, params }]
    })
    if (here.length === 0) return { kind: 'unknown_route' }
    const asked = method === 'HEAD' ? 'GET' : method
    const found = here.find(({ route }) => route.method === asked)
    if (found !== undefined) return { kind: 'route', ...found }
    const methods = here.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : 'POST'))
    return { kind: 'method_not_allowed', allow: methods.sort().join(', ') }
  }
}

function match(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (!expected.startsWith('{')) {
      if (segment !== expected) return undefined
      continue
    }
    const value = decoded(segment)
    if (value === '' || value === undefined) return undefined
    params[expected.slice(1, -1)] = value
  }
  return params
}

/** undefined where the triplets are no UTF-8. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

export const jsonAnswer = (status: number, value: object): AdminAnswer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
})
