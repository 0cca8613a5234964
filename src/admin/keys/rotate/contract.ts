/** `POST /v1/keys/{id}/rotate`: a new key in place of an old one. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { keyId, time } from '../../contract/fields.ts'
import { newKey } from '../key-json.ts'

export const rotateKey = endpoint({
  ...{ method: 'POST', path: '/v1/keys/{id}/rotate', access: 'self', operationId: 'rotateKey' },
  summary: 'Replace a key; both work until the grace period ends',
  description:
    'The new key has the owner, tier, scopes, limits, addresses, expiry and name of the old one. A key with scope `self` may not rotate one that has scopes, or may be used from addresses, that it lacks itself.',
  body: z
    .strictObject({
      grace: z.string().optional().meta({
        description:
          'How long the old key still works, such as "24h" (the default); "0s" ends it now.',
        example: '24h',
      }),
      grace_ms: z.int().min(0).optional().meta({ description: 'The same in milliseconds.' }),
    })
    .meta({ id: 'RotateKey' }),
  bodyIsOptional: true,
  status: 201,
  answer: newKey
    .extend({
      replaced: z.strictObject({ key_id: keyId, expires_at: time.nullable() }).meta({
        description: 'The old key, and until when it works.',
      }),
    })
    .meta({ id: 'RotatedKey' }),
  refusals: ['not_found', 'conflict', 'overloaded'],
})
