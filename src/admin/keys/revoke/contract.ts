/** `POST /v1/keys/{id}/revoke`. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { keyInfo } from '../key-json.ts'

export const revokeKey = endpoint({
  ...{ method: 'POST', path: '/v1/keys/{id}/revoke', access: 'self', operationId: 'revokeKey' },
  summary: 'End a key for good; its next request gets 401',
  description: 'Revoking a revoked key changes nothing.',
  body: z.strictObject({}),
  bodyIsOptional: true,
  status: 200,
  answer: keyInfo,
  refusals: ['not_found'],
})
