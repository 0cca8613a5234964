/** `GET /v1/audit`: the audit log, oldest first, in pages. */
import { z } from 'zod'
import { AUDIT_EVENTS } from '../../core/audit.ts'
import { endpoint } from '../contract/endpoint.ts'
import { cursor, nextCursor, pageSize, soughtText, timeInput } from '../contract/fields.ts'
import { auditRow } from './audit-json.ts'

const MAX_ROWS = 1_000
export const USUAL_ROWS = 100

export const readAudit = endpoint({
  ...{ method: 'GET', path: '/v1/audit', access: 'admin', operationId: 'readAudit' },
  summary: 'Read the audit log, oldest first',
  description:
    'With `Accept: application/x-ndjson` the answer is one row a line, and the next page is in the header Link.',
  query: z.object({
    key_id: soughtText.optional(),
    event: z.enum(AUDIT_EVENTS).optional(),
    since: timeInput.optional(),
    until: timeInput.optional().meta({ description: 'Rows before this time.' }),
    actor: soughtText.optional(),
    limit: pageSize(MAX_ROWS, USUAL_ROWS),
    cursor: cursor.optional(),
  }),
  status: 200,
  answer: z
    .strictObject({ data: z.array(auditRow), next_cursor: nextCursor })
    .meta({ id: 'AuditPage' }),
  alsoAnswers: 'application/x-ndjson',
})
