/** Usage between its table rows and the deltas of the counters. */
import type { UsageDelta } from '../../core/ports/counters.ts'
import { packNumbers, packTimes, unpackNumbers, unpackTimes } from './packing.ts'
import type { UsageChunksTable, UsageMetersTable } from './tables.ts'

export type ChunkRow = Omit<UsageChunksTable, 'chunk_id'>

/** Undefined when there are no admissions. */
export function chunkFrom({
  subject,
  admissionsMs,
  expiresAtMs,
}: UsageDelta): ChunkRow | undefined {
  if (admissionsMs.length === 0) return undefined
  return { subject, expires_at_ms: expiresAtMs, admissions: packTimes(admissionsMs) }
}

export function metersFrom({ subject, expiresAtMs, meters }: UsageDelta): UsageMetersTable[] {
  return Object.entries(meters).map(([name, state]) => ({
    subject,
    limit_name: name,
    expires_at_ms: expiresAtMs,
    state: packNumbers(state),
  }))
}

/** One delta for each chunk, in order, then one for each subject with meters. */
export function deltasFrom(
  chunks: readonly ChunkRow[],
  meters: readonly UsageMetersTable[],
): UsageDelta[] {
  const admitted = chunks.map((chunk) => ({
    subject: chunk.subject,
    admissionsMs: unpackTimes(chunk.admissions),
    expiresAtMs: chunk.expires_at_ms,
    meters: {},
  }))
  const bySubject = Map.groupBy(meters, (row) => row.subject)
  const metered = Array.from(bySubject, ([subject, rows]) => ({
    subject,
    admissionsMs: [],
    expiresAtMs: Math.max(...rows.map((row) => row.expires_at_ms)),
    meters: Object.fromEntries(rows.map((row) => [row.limit_name, unpackNumbers(row.state)])),
  }))
  return [...admitted, ...metered]
}
