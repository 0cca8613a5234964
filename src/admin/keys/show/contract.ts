/** `GET /v1/keys/{id}`: one key. */
import { endpoint } from '../../contract/endpoint.ts'
import { usedKey } from '../key-json.ts'

export const showKey = endpoint({
  ...{ method: 'GET', path: '/v1/keys/{id}', access: 'self', operationId: 'showKey' },
  summary: 'Show one key; never its secret',
  status: 200,
  answer: usedKey,
  refusals: ['not_found'],
})
