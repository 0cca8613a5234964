/** `GET /health`: whether this process can do its work, and why not. Needs no key, tells no secret. */
import type { GateHealth } from '../../engine/gate.ts'

export interface HealthAnswer {
  /** 200 while requests are served, also degraded; 503 while shutting down. */
  readonly status: 200 | 503
  readonly body: string
}

export function answerHealth(health: GateHealth, draining: boolean): HealthAnswer {
  if (draining) return { status: 503, body: bodyOf('draining', ['shutting down']) }
  return { status: 200, body: bodyOf(health.status, health.reasons) }
}

const bodyOf = (status: string, reasons: readonly string[]): string =>
  JSON.stringify({ status, reasons })
