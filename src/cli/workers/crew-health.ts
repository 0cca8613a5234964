/** What the workers say of themselves, said as one. Pure. */
import type { GateHealth, HealthCheck } from '../../engine/gate.ts'

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
  const said = reports.flatMap(({ health, atMs }) =>
    nowMs - atMs > SILENCE_MS ? [...health.reasons, 'no sign of life'] : health.reasons,
  )
  const missing = Array.from({ length: wanted - reports.length }, () => 'not running')
  const reasons = counted([...said, ...missing], wanted)
  const check = (name: keyof GateHealth['checks']) =>
    worst(reports.map(({ health }) => health.checks[name]))
  return {
    status: reasons.length === 0 ? 'ready' : 'degraded',
    reasons,
    checks: { store: check('store'), counters: check('counters'), audit: check('audit') },
  }
}

/** Equal reasons once, with the number of workers that have them. */
function counted(reasons: readonly string[], wanted: number): string[] {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `${count} of ${wanted} workers: ${reason}`)
}

/** Down is what no worker can do; what some cannot is degraded. */
function worst(checks: readonly HealthCheck[]): HealthCheck {
  if (checks.length === 0) return { status: 'down', detail: 'no worker is running' }
  const bad = checks.find(({ status }) => status !== 'ok')
  if (bad === undefined) return { status: 'ok' }
  if (checks.every(({ status }) => status === 'down')) return bad
  return { ...bad, status: 'degraded' }
}
