/**
 * How a request is paid for: as a call of an AI API, by a price of its own, or not at all.
 *
 * HEAD and OPTIONS are free, and so is looking at the list of models. A route with a price of its own is
 * charged by that; then come calls of APIs that are known; everything else costs the default price of a
 * request, where there is one.
 */
import type { GatewaySettings, RouteSpend, SpendSettings } from '../core/settings.ts'
import { routingPath, type Target } from '../http/server/target.ts'
import { endpointOf } from '../metering/index.ts'
import type { Route } from './routes.ts'

export type Payment =
  | { readonly kind: 'free' }
  | { readonly kind: 'call' }
  | { readonly kind: 'priced'; readonly spend: RouteSpend }

/** A price of nothing needs no accounts. */
export function priced(spend: RouteSpend): Payment {
  const isSaid = spend.header !== undefined || spend.jsonPath !== undefined
  return spend.perRequestMicroUsd === 0 && !isSaid ? FREE : { kind: 'priced', spend }
}

const FREE: Payment = Object.freeze({ kind: 'free' })
const CALL: Payment = Object.freeze({ kind: 'call' })

export class Pricing {
  readonly #byDefault: Payment

  constructor({ prices }: SpendSettings) {
    this.#byDefault = priced({ perRequestMicroUsd: prices.fallback?.perRequestMicroUsd ?? 0 })
  }

  /** True where requests that are no calls of a known API cost nothing, and nobody said so. */
  leavesFree({ routes, upstream }: GatewaySettings): boolean {
    const isEachPriced = upstream === undefined && routes.every(({ spend }) => spend !== undefined)
    return this.#byDefault === FREE && !isEachPriced
  }

  paymentOf(method: string, target: Extract<Target, { ok: true }>, route: Route): Payment {
    if (method === 'HEAD' || method === 'OPTIONS') return FREE
    if (route.payment !== undefined) return route.payment
    const path = routingPath(target)
    if (method === 'GET' || method === 'DELETE') {
      return method === 'GET' && isModels(path) ? FREE : this.#byDefault
    }
    return endpointOf(path) === undefined ? this.#byDefault : CALL
  }
}

/** The list of models, or one of it. */
function isModels(path: string): boolean {
  const lower = path.toLowerCase()
  return lower.endsWith('/models') || lower.includes('/models/')
}
