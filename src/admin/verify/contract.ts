/** `POST /v1/verify`: checks a key for a service that has it from its own client. */
import { z } from 'zod'
import { endpoint } from '../contract/endpoint.ts'
import { keyId, limitStatus } from '../contract/fields.ts'

/** Why a key does not open. What is no fault of the key is a refusal of the request instead. */
export const INVALID_CODES = [
  'invalid_key',
  'insufficient_scope',
  'ip_not_allowed',
  'rate_limited',
  'too_many_failures',
  'concurrency_limited',
  'spend_exceeded',
] as const

const valid = z
  .strictObject({
    valid: z.literal(true),
    key_id: keyId,
    owner: z.string(),
    owner_external_id: z.string().nullable(),
    name: z.string().nullable(),
    tier: z.string(),
    scopes: z.array(z.string()),
    mode: z.enum(['live', 'test']),
    limits: z.array(limitStatus),
  })
  .meta({ id: 'ValidKey' })

const invalid = z
  .strictObject({
    valid: z.literal(false),
    code: z.enum(INVALID_CODES),
    message: z.string(),
    retry_after: z.int().optional().meta({ description: 'Whole seconds, where waiting helps.' }),
    key_id: keyId.optional().meta({ description: 'Where the key itself was right.' }),
    limits: z.array(limitStatus),
  })
  .meta({ id: 'InvalidKey' })

export const verifyKey = endpoint({
  ...{ method: 'POST', path: '/v1/verify', access: 'admin', operationId: 'verifyKey' },
  summary: 'Check a key, and charge it like a request',
  description:
    'Without `ip` no limit of an address applies, and a key with an allow list is refused. A cap on requests in flight is asked but not held.',
  body: z
    .strictObject({
      key: z.string().meta({ description: 'The whole key.' }),
      scope: z
        .string()
        .optional()
        .meta({ description: 'The scope that is needed. Default: none.' }),
      cost: z.int().min(1).optional().meta({ description: 'Units to charge. Default: 1.' }),
      ip: z
        .union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address')
        .optional()
        .meta({ description: "The client's address." }),
    })
    .meta({ id: 'VerifyKey' }),
  status: 200,
  answer: z.discriminatedUnion('valid', [valid, invalid]),
  refusals: ['overloaded'],
})
