/** A row of the audit log in one line of a narrow terminal. */
import type { AuditRow } from '../../core/audit.ts'
import { styled } from '../output.ts'

const SHOWN_DETAILS = ['tier', 'scopes', 'limit', 'reason']

export function auditLine({ atMs, event, keyId, address, count, details }: AuditRow): string {
  const time = new Date(atMs).toTimeString().slice(0, 8)
  const times = count === 1 ? [] : [`${count} times`]
  const from = address === null ? [] : [`from ${address}`]
  const said = SHOWN_DETAILS.filter((name) => name in details)
  const pairs = said.map((name) => `${name}: ${details[name]}`)
  const rest = [...times, ...pairs, ...from].join('  ')
  return `${styled('dim', time)}  ${event.padEnd(15)} ${(keyId ?? '').padEnd(9)} ${rest}`.trimEnd()
}
