/** `POST /v1/keys`: issues a key. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { limitInput, timeInput } from '../../contract/fields.ts'
import { newKey } from '../key-json.ts'

export const createKey = endpoint({
  ...{ method: 'POST', path: '/v1/keys', access: 'admin', operationId: 'createKey' },
  summary: 'Issue a key',
  description:
    'The answer is the only time that the key is shown. With an Idempotency-Key header a repeat makes no second key: it is 409 `conflict` and names the key_id, or 409 `idempotency_conflict` where the body differs.',
  body: z
    .strictObject({
      owner: z.string().meta({ description: 'An e-mail address.', example: 'ada@example.com' }),
      owner_external_id: z.string().nullish().meta({ example: 'user_42' }),
      tier: z.string().optional().meta({ description: 'Default: free.', example: 'free' }),
      scopes: z
        .array(z.string().meta({ example: 'read' }))
        .optional()
        .meta({ description: 'Default: read.' }),
      name: z.string().nullish().meta({ example: 'laptop' }),
      mode: z.enum(['live', 'test']).optional(),
      expires_at: timeInput.nullish().meta({ description: 'Default: never.' }),
      allowed_addresses: z
        .array(z.string().meta({ example: '203.0.113.0/24' }))
        .optional()
        .meta({ description: 'Addresses and CIDR blocks. Default: any address.' }),
      limits: z
        .array(limitInput)
        .max(16)
        .optional()
        .meta({ description: "These take the place of the tier's limits of the same name." }),
    })
    .meta({ id: 'CreateKey' }),
  headers: z.object({
    'Idempotency-Key': z
      .string()
      .optional()
      .meta({ description: '1 to 255 visible ASCII characters, such as a UUID.' }),
  }),
  status: 201,
  answer: newKey,
  refusals: ['conflict', 'idempotency_conflict', 'overloaded'],
})
