/** Every route of the admin listener, and what is documented of it. Each entry says who may ask. */
import type { Logger } from '../core/ports/logger.ts'
import type { LeakSettings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import { auditRoute } from './audit/audit.ts'
import { readAudit } from './audit/contract.ts'
import { authorizeRoute } from './authorize/authorize.ts'
import { authorize } from './authorize/contract.ts'
import { type Documented, documented } from './contract/documented.ts'
import { type HealthOptions, healthRoutes } from './health/health.ts'
import { createKey } from './keys/create/contract.ts'
import { createKeyRoute } from './keys/create/create.ts'
import { disableKey } from './keys/disable/contract.ts'
import { disableKeyRoute } from './keys/disable/disable.ts'
import { enableKey } from './keys/enable/contract.ts'
import { enableKeyRoute } from './keys/enable/enable.ts'
import { listKeys } from './keys/list/contract.ts'
import { listKeysRoute } from './keys/list/list.ts'
import { revokeKey } from './keys/revoke/contract.ts'
import { revokeKeyRoute } from './keys/revoke/revoke.ts'
import { rotateKey } from './keys/rotate/contract.ts'
import { rotateKeyRoute } from './keys/rotate/rotate.ts'
import { showKey } from './keys/show/contract.ts'
import { showKeyRoute } from './keys/show/show.ts'
import { gitHubReport } from './leaks/github/contract.ts'
import { leakRoutes } from './leaks/leak-routes.ts'
import { reportLeak } from './leaks/report/contract.ts'
import { type MetricsSource, metricsRoute } from './metrics/metrics.ts'
import { openApiRoute } from './openapi/openapi.ts'
import { OTHER_ROUTES } from './openapi/other-routes.ts'
import { replaceDocumented } from './replace/contract.ts'
import { replaceRoutes } from './replace/replace.ts'
import type { AdminRoute } from './routes.ts'
import { verifyKey } from './verify/contract.ts'
import { verifyKeyRoute } from './verify/verify.ts'

export interface ApiOptions extends HealthOptions {
  /** Checks the keys of those who ask, and is what they ask about. */
  readonly gate?: Gate | undefined
  /** Without it there is no `/metrics`. */
  readonly metrics?: MetricsSource | undefined
  /** Whose reports are taken; default: of whoever holds the key. */
  readonly leaks?: LeakSettings | undefined
  readonly log: Logger
  /** The base of the links in mails, from the configuration. */
  readonly publicUrl: string
}

/** All that can be there. */
export const DOCUMENTED: readonly Documented[] = [
  ...[createKey, listKeys, showKey, rotateKey, revokeKey, disableKey, enableKey].map(documented),
  ...[verifyKey, authorize, readAudit].map(documented),
  ...[reportLeak, gitHubReport].map(documented),
  ...replaceDocumented,
  ...OTHER_ROUTES,
]

/** Without a gate there is nobody to ask about keys, so there are no routes to them. */
export function apiRoutes(options: ApiOptions): readonly AdminRoute[] {
  const { gate, metrics, version, publicUrl } = options
  const routes = [
    ...healthRoutes(options),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
    ...(gate === undefined
      ? []
      : [...gateRoutes(gate), ...replaceRoutes({ links: gate.links, publicUrl })]),
    ...leakRoutes(options),
  ]
  return [...routes, openApiRoute(routes, DOCUMENTED, { version })]
}

const gateRoutes = (gate: Gate): readonly AdminRoute[] => [
  createKeyRoute(gate),
  listKeysRoute(gate),
  showKeyRoute(gate),
  rotateKeyRoute(gate),
  revokeKeyRoute(gate),
  disableKeyRoute(gate),
  enableKeyRoute(gate),
  verifyKeyRoute(gate),
  authorizeRoute(),
  auditRoute(gate),
]
