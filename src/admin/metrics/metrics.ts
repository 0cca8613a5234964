/** `GET /metrics`: what Prometheus reads, with a key of scope `admin` as its bearer token. */
import type { AdminRoute } from '../routes.ts'

/** The metrics as they stand now, in whatever format `contentType` says. */
export type MetricsSource = () => Promise<{ readonly contentType: string; readonly body: string }>

export function metricsRoute(source: MetricsSource): AdminRoute {
  return {
    ...{ method: 'GET', path: '/metrics', access: 'admin' },
    handle: async () => ({ status: 200, ...(await source()) }),
  }
}
