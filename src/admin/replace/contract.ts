/** What the OpenAPI document says of the owner pages. Their form is read here, too. */
import { z } from 'zod'
import type { Documented } from '../contract/documented.ts'
import { refusalsOf } from '../contract/refusals.ts'

export const REPLACE_PATH = '/replace/{token}'

export const ACTIONS = ['replace', 'keep', 'renew'] as const

const PAGE = {
  200: {
    description: 'A page.',
    contents: [{ type: 'text/html', schema: z.string() }],
  },
}

const common = {
  path: REPLACE_PATH,
  access: 'public',
  answers: PAGE,
  refusesWithPages: true,
} as const

export const replaceDocumented: readonly Documented[] = [
  {
    ...common,
    ...{ method: 'GET', operationId: 'showLink', summary: 'The page of a link in a mail' },
    description:
      'Changes nothing, however often it is opened. The token is all the proof there is.',
    refusals: refusalsOf({ access: 'public', asksStore: true, own: ['link_expired'] }),
  },
  {
    ...common,
    ...{ method: 'POST', operationId: 'useLink', summary: 'Replace or keep the key of a link' },
    description:
      'For the form of the page. `replace` shows the new key, once; `keep` is for keys whose use was strange; `renew` sends a fresh mail for a link that is too old.',
    body: {
      type: 'application/x-www-form-urlencoded',
      schema: z.object({ action: z.enum(ACTIONS) }),
    },
    refusals: refusalsOf({
      ...{ access: 'public', asksStore: true },
      own: [
        ...(['csrf', 'conflict', 'link_expired', 'invalid_field', 'overloaded'] as const),
        ...(['unsupported_media_type', 'unsupported_encoding'] as const),
      ],
    }),
  },
]
