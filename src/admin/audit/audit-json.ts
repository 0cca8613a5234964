/** An audit row as every JSON answer shows it. */
import { z } from 'zod'
import { AUDIT_EVENTS, type AuditRow } from '../../core/audit.ts'
import { keyId, time } from '../contract/fields.ts'

export const auditRow = z
  .strictObject({
    time,
    event: z.enum(AUDIT_EVENTS),
    key_id: keyId.nullable(),
    actor: z.string().meta({ description: 'A key_id, or cli, library, gateway …' }),
    ip: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    count: z.int().meta({ description: 'How many equal events the row stands for.' }),
    chain: z.string(),
    seq: z.int(),
    previous_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRow' })

export const auditRowJson = (row: AuditRow): z.output<typeof auditRow> => ({
  time: new Date(row.atMs).toISOString(),
  event: row.event,
  key_id: row.keyId,
  actor: row.actor,
  ip: row.address,
  request_id: row.requestId,
  details: { ...row.details },
  count: row.count,
  chain: row.chain,
  seq: row.seq,
  previous_hash: row.previousHash,
  hash: row.hash,
})
