/** Refuses a key until it is enabled again. */
import type { Gate } from '../../../engine/gate.ts'
import { implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { keyJson } from '../key-json.ts'
import { visibleKey } from '../visible-key.ts'
import { disableKey } from './contract.ts'

export const disableKeyRoute = (gate: Gate): AdminRoute =>
  implement(disableKey, async ({ params, caller, actor }) => {
    const { keyId } = await visibleKey(gate, caller, params)
    return { value: keyJson(await gate.keys.disable(keyId, actor)) }
  })
