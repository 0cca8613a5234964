/** `GET /v1/keys`: keys, newest first, in pages. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'
import { cursor, nextCursor, pageSize, soughtText, timeInput } from '../../contract/fields.ts'
import { usedKey } from '../key-json.ts'

const MAX_KEYS = 200
export const USUAL_KEYS = 50

export const listKeys = endpoint({
  ...{ method: 'GET', path: '/v1/keys', access: 'self', operationId: 'listKeys' },
  summary: 'List keys, newest first',
  description: 'A key with scope `self` sees those of its own owner and no others.',
  query: z.object({
    owner: soughtText.optional().meta({ description: 'Only keys of this e-mail address.' }),
    tier: soughtText.optional(),
    status: z.enum(['active', 'disabled', 'revoked', 'expired']).optional(),
    expires_before: timeInput.optional(),
    unused_since: timeInput.optional().meta({ description: 'Not used since then, or never.' }),
    used_since: timeInput.optional(),
    limit: pageSize(MAX_KEYS, USUAL_KEYS),
    cursor: cursor.optional(),
  }),
  status: 200,
  answer: z
    .strictObject({ data: z.array(usedKey), next_cursor: nextCursor })
    .meta({ id: 'KeyPage' }),
})
