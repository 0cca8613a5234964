/** Ends a key for good. */
import type { Gate } from '../../../engine/gate.ts'
import { implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { keyJson } from '../key-json.ts'
import { visibleKey } from '../visible-key.ts'
import { revokeKey } from './contract.ts'

export const revokeKeyRoute = (gate: Gate): AdminRoute =>
  implement(revokeKey, async ({ params, caller, actor }) => {
    const { keyId } = await visibleKey(gate, caller, params)
    return { value: keyJson(await gate.keys.revoke(keyId, actor)) }
  })
