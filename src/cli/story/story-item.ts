/** One thing that happened to a key, as a story tells it. */
import type { AuditEvent } from '../../core/audit.ts'

export interface StoryItem {
  readonly atMs: number
  /** What is in the audit log, or is known from elsewhere: of use, and of the expiry date. */
  readonly event: AuditEvent | 'key.first_used' | 'key.last_used' | 'key.expired'
  readonly tone: 'good' | 'bad' | 'warning' | 'plain'
  /** The head of the sentence, a few words. */
  readonly what: string
  /** The rest of it, with the space or comma that it begins with. */
  readonly more: string
  /** Its further fields in JSON. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** `2026-11-25 09:00:12`, UTC. */
export const shortTime = (atMs: number): string =>
  new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')

/** `a, b and 3 more` */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

const UNITS = [
  ['year', 365 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `2 minutes`, by the largest unit that fits; undefined below a second. */
export function spanText(ms: number): string | undefined {
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(ms / unitMs)
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return undefined
}
