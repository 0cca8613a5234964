/** `POST /v1/leaks/github`, in the format of GitHub's secret scanning partner programme. */
import { z } from 'zod'
import { endpoint } from '../../contract/endpoint.ts'

export const MAX_MATCHES = 1_000

/** `url` may be empty: GitHub then says only in what kind of text it was. */
export const MATCHES = z
  .array(
    z.object({
      token: z.string(),
      type: z.string(),
      url: z.string().catch(''),
      source: z.string().catch(''),
    }),
  )
  .max(MAX_MATCHES)
  .meta({ id: 'GitHubMatches' })

export type Match = z.output<typeof MATCHES>[number]

export const gitHubReport = endpoint({
  ...{ method: 'POST', path: '/v1/leaks/github', access: 'public', operationId: 'gitHubReport' },
  summary: 'Report leaked keys, as the secret scanning of GitHub does',
  description:
    'Only where the configuration says `leaks.github`. The signature is ECDSA on P-256 with SHA-256 over the raw body, by one of the keys that GitHub lists.',
  headers: z.object({
    'Github-Public-Key-Identifier': z.string().optional(),
    'Github-Public-Key-Signature': z.string().optional().meta({ description: 'DER in base64.' }),
  }),
  body: MATCHES,
  status: 200,
  answer: z
    .array(
      z.strictObject({
        token_hash: z.string().meta({ description: 'SHA-256 of the token, in hexadecimal.' }),
        token_type: z.string(),
        label: z.enum(['true_positive', 'false_positive']),
      }),
    )
    .meta({ id: 'GitHubFeedback' }),
  refusals: ['bad_signature', 'auth_unavailable', 'overloaded'],
})
