/**
 * The admin listener's routes, as a table. Deny by default: what is not in the table is not there,
 * and each entry says who may ask. `public` must be written out.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from '../core/decision.ts'

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

export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** More headers, by their names. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST'
  /** Compared with the whole path; a segment such as `{id}` takes any one that is not empty. */
  readonly path: string
  /**
   * Who may ask. `public`: everybody, which must be written out. `self`: keys with scope `self` or
   * `admin`. `client`: the handler checks the key itself.
   */
  readonly access: 'public' | 'client' | 'self' | 'admin'
  /** How a body is read; absent: there is none. `raw` gives a Buffer. */
  readonly body?: 'json' | 'form' | 'raw'
  /** LockgateErrors that it throws become their refusals. */
  handle(request: AdminRequest): AdminAnswer | Promise<AdminAnswer>
}

export type Found =
  | { readonly kind: 'route'; readonly route: AdminRoute }
  | { readonly kind: 'unknown_route' }
  | { readonly kind: 'method_not_allowed'; readonly allow: string }

/** HEAD is answered as GET is; node leaves the body out. */
export function findRoute(
  routes: readonly AdminRoute[],
  { method, path }: { readonly method: string; readonly path: string },
): Found {
  const here = routes.filter((route) => route.path === path)
  if (here.length === 0) return { kind: 'unknown_route' }
  const asked = method === 'HEAD' ? 'GET' : method
  const route = here.find((candidate) => candidate.method === asked)
  if (route !== undefined) return { kind: 'route', route }
  const methods = here.flatMap((other) => (other.method === 'GET' ? ['GET', 'HEAD'] : other.method))
  return { kind: 'method_not_allowed', allow: methods.join(', ') }
}

export const jsonAnswer = (status: number, value: object): AdminAnswer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
})
