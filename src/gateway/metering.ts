/** The metered half of a gateway: which requests cost money, and the exchange that handles them. */

import type { GatewaySettings } from '../core/settings.ts'
import type { Admit, Recognise } from '../http/admit.ts'
import { BodyBudget } from './call-reader.ts'
import type { ExchangeParts } from './exchange.ts'
import { type MeteredArrival, MeteredExchange } from './metered-exchange.ts'
import { Pricing } from './pricing.ts'
import { RouteCharge } from './route-charge.ts'

/** All bodies of calls that are held at once. */
const MAX_HELD_BYTES = 256 * 1024 * 1024

/** Takes a request that costs money; false for one that does not. */
type Meter = (arrival: MeteredArrival) => boolean

/** undefined where the gate knows of no money. */
export function createMetering(
  settings: GatewaySettings,
  parts: ExchangeParts & { readonly admit: Admit; readonly recognise: Recognise },
): Meter | undefined {
  const { spend } = parts.gate
  if (spend === null) return undefined
  const pricing = new Pricing(spend.settings)
  if (pricing.leavesFree(settings)) {
    parts.log.warn(
      {},
      'requests that are no calls of a known API cost nothing: set spend.defaultPrice.perRequest, or spend on their route',
    )
  }
  const metered = { ...parts, spend, budget: new BodyBudget(MAX_HELD_BYTES) }
  return function meter(arrival) {
    const { sound, route } = arrival
    const payment = pricing.paymentOf(sound.method, sound.target, route)
    if (payment.kind === 'free') return false
    const exchange = new MeteredExchange(metered, arrival)
    if (payment.kind === 'call') exchange.takeCall()
    else exchange.takePriced(new RouteCharge(payment.spend))
    return true
  }
}
