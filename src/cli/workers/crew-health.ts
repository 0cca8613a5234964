/** What the workers say of themselves, said as one. Pure. */
import type { GateHealth } from '../../engine/gate.ts'

/** A worker says how it is once a second; one that is silent for so long is stuck. */
const SILENCE_MS = 5_000

export interface WorkerReport {
  readonly health: GateHealth
  readonly atMs: number
}

/** `reports` are those of the workers that accept connections. */
export function crewHealth(
  reports: readonly WorkerReport[],
  wanted: number,
  nowMs: number,
): GateHealth {
  const counts = new Map<string, number>()
  const note = (reason: string) => counts.set(reason, (counts.get(reason) ?? 0) + 1)
  for (const { health, atMs } of reports) {
    if (nowMs - atMs > SILENCE_MS) note('does not answer')
    for (const reason of health.reasons) note(reason)
  }
  for (let missing = reports.length; missing < wanted; missing++) note('is not running')
  const reasons = [...counts].map(([reason, count]) => `${count} of ${wanted} workers: ${reason}`)
  return { status: reasons.length === 0 ? 'ready' : 'degraded', reasons }
}
