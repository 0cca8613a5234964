/** Queries of the audit log, in the words that both dialects share. */
import { sql as raw } from 'kysely'
import type { AuditQuery } from '../../core/ports/store.ts'
import { checkPageSize } from './page-size.ts'
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

function matching(sql: SqlBuilder, { keyId, event, events, sinceMs, pageSize }: AuditQuery) {
  checkPageSize(pageSize, MAX_PAGE_SIZE)
  let select = sql.selectFrom('audit').selectAll().limit(pageSize)
  if (keyId !== undefined) select = select.where('key_id', '=', keyId)
  if (event !== undefined) select = select.where('event', '=', event)
  // An empty list is not SQL everywhere.
  if (events?.length === 0) select = select.where(raw<boolean>`1 = 0`)
  else if (events !== undefined) select = select.where('event', 'in', events)
  if (sinceMs !== undefined) select = select.where('at_ms', '>=', sinceMs)
  return select
}

/** In the order of their names. A chain without rows has seq 0. */
export const auditHeads = (sql: SqlBuilder) =>
  sql.selectFrom('audit_heads').select(['chain', 'seq', 'hash']).orderBy('chain')
