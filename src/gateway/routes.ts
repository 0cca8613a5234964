/**
 * Routes: which scope, cost, limits and upstream a request gets. Compiled once; a match allocates
 * nothing. First match wins, by path prefix over whole segments and by method.
 */

import type { GatewaySettings, RouteSettings } from '../core/settings.ts'
import type { RouteLimits } from '../engine/gate.ts'
import type { AdmissionOptions } from '../http/admission.ts'
import { scopeForMethod } from '../http/admit.ts'
import { routingPath, type Target } from '../http/server/target.ts'
import { type Payment, priced } from './pricing.ts'
import type { Upstream } from './upstream.ts'

/** What a request is checked with and sent to. */
export interface Route {
  /** Its path as it was configured; `default` for what fits no route. */
  readonly name: string
  readonly upstream: Upstream
  /** For GET and HEAD. */
  readonly reading: AdmissionOptions
  /** For every other method. */
  readonly writing: AdmissionOptions
  /** Its own price, where it has one. */
  readonly payment?: Payment
}

interface CompiledRoute extends Route {
  readonly path: string
  readonly methods: ReadonlySet<string> | undefined
}

/** Where nothing matches, a valid key of any scope is still asked for before a 404 is said. */
export const NO_ROUTE: AdmissionOptions = Object.freeze({})

export class Routes {
  readonly #routes: readonly CompiledRoute[]
  readonly #fallback: Route | undefined

  constructor(settings: GatewaySettings, upstreamOf: (url: string) => Upstream) {
    const base = settings.upstream
    this.#routes = settings.routes.map((route) => compile(route, base, upstreamOf))
    this.#fallback =
      base === undefined
        ? undefined
        : { name: 'default', upstream: upstreamOf(base), ...optionsOf(undefined, 1, undefined) }
  }

  /** The route of a request; undefined where there is none and no default upstream. */
  match(method: string, target: Extract<Target, { ok: true }>): Route | undefined {
    if (this.#routes.length > 0) {
      const path = routingPath(target)
      for (const route of this.#routes) {
        if (route.methods !== undefined && !route.methods.has(method)) continue
        if (isUnder(path, route.path)) return route
      }
    }
    return this.#fallback
  }
}

/** GET and HEAD read; everything else may change something. */
export function optionsFor(route: Route, method: string): AdmissionOptions {
  return method === 'GET' || method === 'HEAD' ? route.reading : route.writing
}

function compile(
  route: RouteSettings,
  base: string | undefined,
  upstreamOf: (url: string) => Upstream,
): CompiledRoute {
  const url = route.upstream ?? base
  if (url === undefined) throw new TypeError(`route ${route.path} has no upstream`)
  const methods = route.methods === undefined ? undefined : new Set(route.methods)
  const limits: RouteLimits | undefined =
    route.limits.length === 0
      ? undefined
      : { id: `${route.methods?.join(',') ?? ''} ${route.path}`, limits: route.limits }
  return {
    name: route.path,
    path: route.path.length > 1 && route.path.endsWith('/') ? route.path.slice(0, -1) : route.path,
    methods,
    upstream: upstreamOf(url),
    ...optionsOf(route.scope, route.cost, limits),
    ...(route.spend === undefined ? {} : { payment: priced(route.spend) }),
  }
}

function optionsOf(
  scope: string | undefined,
  cost: number,
  route: RouteLimits | undefined,
): Pick<Route, 'reading' | 'writing'> {
  return {
    reading: Object.freeze({ scope: scope ?? scopeForMethod('GET'), cost, route }),
    writing: Object.freeze({ scope: scope ?? scopeForMethod('POST'), cost, route }),
  }
}

/** `/v1` covers `/v1` and `/v1/x`, not `/v10`. */
function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  return prefix === '/' || path.length === prefix.length || path[prefix.length] === '/'
}
