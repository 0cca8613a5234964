/** Shows one key. */
import type { Gate } from '../../../engine/gate.ts'
import { implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { usedKeyJson } from '../key-json.ts'
import { visibleKey } from '../visible-key.ts'
import { showKey } from './contract.ts'

export const showKeyRoute = (gate: Gate): AdminRoute =>
  implement(showKey, async ({ params, caller }) => {
    const record = await visibleKey(gate, caller, params)
    const activity = await gate.activityOf([record.keyId])
    return { value: usedKeyJson(record, activity.get(record.keyId)) }
  })
