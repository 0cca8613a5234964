/**
 * Audit rows as CSV (RFC 4180), safe to open in a spreadsheet. A cell that a spreadsheet would take
 * for a formula (CWE-1236) gets an apostrophe in front, which it shows as text; so do the full-width
 * forms that some locales read alike. The chain cannot be verified from such a file: JSON keeps all
 * as it is.
 */
import type { AuditRow } from '../core/audit.ts'
import { canonicalDetails } from '../core/audit-chain.ts'

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const NEEDS_QUOTES = /[",\r\n]/

export const CSV_HEAD = `${[
  ...['time', 'event', 'key_id', 'actor', 'ip', 'request_id', 'details', 'count'],
  ...['chain', 'seq', 'previous_hash', 'hash'],
].join(',')}\r\n`

export function auditCsv(row: AuditRow): string {
  const cells = [
    ...[new Date(row.atMs).toISOString(), row.event, row.keyId, row.actor, row.address],
    ...[row.requestId, canonicalDetails(row.details), String(row.count)],
    ...[row.chain, String(row.seq), row.previousHash, row.hash],
  ]
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`
}

export function csvCell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
