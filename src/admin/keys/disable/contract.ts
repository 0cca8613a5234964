/** `POST /v1/keys/{id}/disable`. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { keyInfo } from '../key-json.ts'

export const disableKey = endpoint({
  ...{ method: 'POST', path: '/v1/keys/{id}/disable', access: 'admin', operationId: 'disableKey' },
  summary: 'Refuse a key until it is enabled again',
  body: z.strictObject({}),
  bodyIsOptional: true,
  status: 200,
  answer: keyInfo,
  refusals: ['not_found', 'conflict'],
})
