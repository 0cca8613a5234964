/** Requests of an SDK that are no metered call: what each costs, whatever it asks for. */
import type { ModelPrice } from '../core/spend/prices.ts'
import type { RequestGate, SpendDesk } from '../engine/gate.ts'
import { warnOnce } from '../http/foot-guns.ts'
import type { OutgoingRequest } from './outgoing-request.ts'

const NO_TOKENS = Object.freeze({
  ...{ inputPicoUsd: 0, cachedInputPicoUsd: 0, cacheWritePicoUsd: 0, outputPicoUsd: 0 },
})

/** Asking what there is costs nothing. */
export const isFree = ({ method, path }: OutgoingRequest): boolean =>
  method === 'HEAD' || method === 'OPTIONS' || (method === 'GET' && /\/models(\/|$)/.test(path))

/** `defaultPrice.perRequest`; undefined where none is configured, which is warned of once. */
export function flatPriceOf(gate: RequestGate, desk: SpendDesk): ModelPrice | undefined {
  const perRequestMicroUsd = desk.settings.prices.fallback?.perRequestMicroUsd ?? 0
  if (perRequestMicroUsd > 0) return { ...NO_TOKENS, perRequestMicroUsd }
  warnOnce(gate, 'unmetered_call')
  return undefined
}
