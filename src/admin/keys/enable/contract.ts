/** `POST /v1/keys/{id}/enable`. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { keyInfo } from '../key-json.ts'

export const enableKey = endpoint({
  ...{ method: 'POST', path: '/v1/keys/{id}/enable', access: 'admin', operationId: 'enableKey' },
  summary: 'Let a disabled key work again',
  body: z.strictObject({}),
  bodyIsOptional: true,
  status: 200,
  answer: keyInfo,
  refusals: ['not_found', 'conflict'],
})
