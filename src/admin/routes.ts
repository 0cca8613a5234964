/**
 * The admin listener's routes, as a table. Deny by default: what is not in the table is not there,
 * and each entry says who may ask. `public` must be written out.
 */
export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface AdminRoute {
  readonly method: 'GET'
  /** Compared with the whole path. */
  readonly path: string
  /** The scope that a key needs here; `public`: no key. */
  readonly scope: 'public' | 'admin'
  handle(): AdminAnswer | Promise<AdminAnswer>
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
