/** Every route of the admin listener. Each entry says who may ask. */
import type { Logger } from '../core/ports/logger.ts'
import type { Gate } from '../engine/gate.ts'
import { type HealthOptions, healthRoutes } from './health/health.ts'
import { type MetricsSource, metricsRoute } from './metrics/metrics.ts'
import type { AdminRoute } from './routes.ts'

export interface ApiOptions extends HealthOptions {
  /** Checks the keys of those who ask, and is what they ask about. */
  readonly gate?: Gate | undefined
  /** Without it there is no `/metrics`. */
  readonly metrics?: MetricsSource | undefined
  readonly log: Logger
}

export function apiRoutes(options: ApiOptions): readonly AdminRoute[] {
  const { metrics } = options
  return [...healthRoutes(options), ...(metrics === undefined ? [] : [metricsRoute(metrics)])]
}
