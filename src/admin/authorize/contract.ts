/** `GET /v1/authorize`: forward-auth, for a proxy that asks whether it may pass a request on. */
import { z } from 'zod'
import { endpoint } from '../contract/endpoint.ts'
import { keyId } from '../contract/fields.ts'

export const authorize = endpoint({
  ...{ method: 'GET', path: '/v1/authorize', access: 'client', operationId: 'authorize' },
  summary: "Check and charge the request's own key, for a proxy in front of an API",
  description:
    'Needs `read` for GET and HEAD and `write` for other methods, unless `scope` says otherwise. The method is that of X-Forwarded-Method or X-Original-Method where a trusted proxy asks, else that of the request. The answer has X-Lockgate-Key-Id, -Owner, -Tier, -Scopes and -Request-Id.',
  query: z.object({ scope: z.string().optional() }),
  status: 200,
  answer: z
    .strictObject({
      key_id: keyId,
      owner: z.string(),
      tier: z.string(),
      scopes: z.array(z.string()),
    })
    .meta({ id: 'Authorized' }),
})
