/** Lets a disabled key work again. */
import type { Gate } from '../../../engine/gate.ts'
import { implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { keyJson } from '../key-json.ts'
import { visibleKey } from '../visible-key.ts'
import { enableKey } from './contract.ts'

export const enableKeyRoute = (gate: Gate): AdminRoute =>
  implement(enableKey, async ({ params, caller, actor }) => {
    const { keyId } = await visibleKey(gate, caller, params)
    return { value: keyJson(await gate.keys.enable(keyId, actor)) }
  })
