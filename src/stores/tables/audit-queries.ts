/** Queries of the audit log, in the words that both dialects share. */
import { sql as raw } from 'kysely'
import type { AuditQuery } from '../../core/ports/store.ts'
import { checkPageSize } from './page-size.ts'
import { param, paramsFor } from './parameters.ts'
import type { SqlBuilder } from './tables.ts'

const MAX_PAGE_SIZE = 10_000

/** One page, oldest first. Throws `invalid_parameter`. */
export function auditPage(sql: SqlBuilder, query: AuditQuery) {
  const { afterPosition } = query
  const select = matching(sql, query).orderBy('position', 'asc')
  return afterPosition === undefined ? select : select.where('position', '>', afterPosition)
}

/** The newest rows, newest first. Throws `invalid_parameter`. */
export const auditTail = (sql: SqlBuilder, query: Omit<AuditQuery, 'afterPosition'>) =>
  matching(sql, query).orderBy('position', 'desc')

function matching(sql: SqlBuilder, query: AuditQuery) {
  const { keyId, event, events, actor, address, sinceMs, untilMs, pageSize } = query
  checkPageSize(pageSize, MAX_PAGE_SIZE)
  let select = sql.selectFrom('audit').selectAll().limit(pageSize)
  if (keyId !== undefined) select = select.where('key_id', '=', keyId)
  if (event !== undefined) select = select.where('event', '=', event)
  // An empty list is not SQL everywhere.
  if (events?.length === 0) select = select.where(raw<boolean>`1 = 0`)
  else if (events !== undefined) select = select.where('event', 'in', events)
  if (actor !== undefined) select = select.where('actor', '=', actor)
  if (address !== undefined) select = select.where('address', '=', address)
  if (sinceMs !== undefined) select = select.where('at_ms', '>=', sinceMs)
  if (untilMs !== undefined) select = select.where('at_ms', '<', untilMs)
  return select
}

/** In the order of their names. A chain without rows has seq 0. */
export const auditHeads = (sql: SqlBuilder) =>
  sql.selectFrom('audit_heads').select(['chain', 'seq', 'hash']).orderBy('chain')

/** The hash of one row. */
export const auditHashAt = (sql: SqlBuilder) =>
  sql
    .selectFrom('audit')
    .select('hash')
    .where('chain', '=', param<string>('chain'))
    .where('seq', '=', param<number>('seq'))

export const countUntil = (sql: SqlBuilder) =>
  sql
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('chain', '=', param<string>('chain'))
    .where('seq', '<=', param<number>('seq'))

export const deleteUntil = (sql: SqlBuilder) =>
  sql
    .deleteFrom('audit')
    .where('chain', '=', param<string>('chain'))
    .where('seq', '<=', param<number>('seq'))

export const auditCheckpoints = (sql: SqlBuilder) =>
  sql.selectFrom('audit_checkpoints').selectAll().orderBy('chain')

export const putCheckpoint = (sql: SqlBuilder) =>
  sql
    .insertInto('audit_checkpoints')
    .values(paramsFor('chain', 'seq', 'hash', 'at_ms', 'signature', 'public_key'))
    .onConflict((conflict) =>
      conflict.column('chain').doUpdateSet(({ ref }) => ({
        seq: ref('excluded.seq'),
        hash: ref('excluded.hash'),
        at_ms: ref('excluded.at_ms'),
        signature: ref('excluded.signature'),
        public_key: ref('excluded.public_key'),
      })),
    )
