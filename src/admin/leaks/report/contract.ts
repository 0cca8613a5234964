/** `POST /v1/leaks`: anybody who holds a key can end it. */
import { z } from 'zod'
import { isPlace, MAX_PLACE_LENGTH } from '../../../core/leak-place.ts'
import { endpoint } from '../../contract/endpoint.ts'
import { keyId } from '../../contract/fields.ts'

export const reportLeak = endpoint({
  ...{ method: 'POST', path: '/v1/leaks', access: 'public', operationId: 'reportLeak' },
  summary: 'Report a leaked key by showing it: it is revoked, and its owner gets a mail',
  description:
    'Possession is the proof, so no other credential is needed, and a report tells nothing about keys that its sender does not hold. A key that has expired, or was disabled or revoked before, can be reported as well. What is no key counts as a bad credential of its address.',
  body: z
    .strictObject({
      key: z.string().min(1).max(1_024).meta({ description: 'The whole key.' }),
      where: z
        .string()
        .refine(isPlace, `must be one line of at most ${MAX_PLACE_LENGTH} printable characters`)
        .optional()
        .meta({
          description: 'Where it was found, for the audit log and the mail.',
          example: 'https://paste.example/abc',
          override: { type: 'string', maxLength: MAX_PLACE_LENGTH },
        }),
    })
    .meta({ id: 'ReportLeak' }),
  status: 200,
  answer: z
    .strictObject({ status: z.literal('revoked'), key_id: keyId })
    .meta({ id: 'LeakReported' }),
  refusals: ['invalid_key', 'too_many_failures', 'auth_unavailable', 'overloaded'],
})
