/**
 * Health, for load balancers and people: no key is needed, no secret is told, and nothing is asked of
 * the database, since anybody may ask.
 *
 * `GET /health/live`: the process runs. `GET /health/ready`: it can take requests, if only with less
 * than everything. `GET /health`: what is the matter, with the status of `ready`.
 */
import type { GateHealth } from '../../engine/gate.ts'
import { type AdminAnswer, type AdminRoute, jsonAnswer } from '../routes.ts'

export interface HealthOptions {
  readonly health: () => GateHealth
  /** True from the moment on that the process shuts down. */
  readonly isDraining: () => boolean
  readonly version: string
  /** How many processes serve; absent where this one does. */
  readonly workers?: () => number
}

export function healthRoutes(options: HealthOptions): readonly AdminRoute[] {
  const route = (path: string, handle: () => AdminAnswer): AdminRoute => ({
    ...{ method: 'GET', path, access: 'public', isUncounted: true, handle },
  })
  return [
    route('/health', () => summaryOf(options)),
    route('/health/live', () => jsonAnswer(200, { status: 'live' })),
    route('/health/ready', () => readinessOf(options)),
  ]
}

function readinessOf({ health, isDraining }: HealthOptions): AdminAnswer {
  if (isDraining()) return jsonAnswer(503, { status: 'draining' })
  const { status, checks } = health()
  return jsonAnswer(canServe(checks) ? 200 : 503, { status })
}

function summaryOf({ health, isDraining, version, workers }: HealthOptions): AdminAnswer {
  const { status, reasons, checks } = health()
  const serving = workers === undefined ? {} : { workers: workers() }
  const known = { checks, ...serving, version, uptime_seconds: Math.floor(process.uptime()) }
  if (isDraining()) {
    return jsonAnswer(503, { status: 'draining', reasons: ['shutting down'], ...known })
  }
  return jsonAnswer(canServe(checks) ? 200 : 503, { status, reasons, ...known })
}

const canServe = (checks: GateHealth['checks']): boolean =>
  Object.values(checks).every(({ status }) => status !== 'down')
