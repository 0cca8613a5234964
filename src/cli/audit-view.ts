/** How audit rows are shown: one JSON object a line with fixed field names, or one line of text. */
import { auditRowJson } from '../admin/audit/audit-json.ts'
import type { AuditRow } from '../core/audit.ts'
import { printable, styled } from './output.ts'

export function auditJson(row: AuditRow): string {
  return JSON.stringify(auditRowJson(row))
}

export function auditLine(row: AuditRow): string {
  const details = Object.entries(row.details)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
  const parts = [
    ...(row.keyId === null ? [] : [row.keyId]),
    `by ${row.actor}`,
    ...(row.address === null ? [] : [`from ${row.address}`]),
    ...(row.count === 1 ? [] : [`${row.count} times`]),
    ...details,
  ]
  const time = styled('dim', new Date(row.atMs).toISOString())
  return `${time}  ${row.event.padEnd(16)}  ${printable(parts.join('  '))}`
}
