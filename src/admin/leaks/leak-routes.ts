/** The routes by which leaks are reported. Neither needs a credential: what is reported proves itself. */
import type { Logger } from '../../core/ports/logger.ts'
import type { LeakSettings } from '../../core/settings.ts'
import type { Gate } from '../../engine/gate.ts'
import type { AdminRoute } from '../routes.ts'
import { githubRoute } from './github/github.ts'
import { createPublicKeys } from './github/public-keys.ts'
import { reportRoute } from './report/report.ts'

export interface LeakRouteOptions {
  readonly gate?: Gate | undefined
  readonly leaks?: LeakSettings | undefined
  readonly log: Logger
}

/** Without a gate nothing can be revoked, so there are none. */
export function leakRoutes({ gate, leaks, log }: LeakRouteOptions): readonly AdminRoute[] {
  if (gate === undefined) return []
  const github = leaks?.github ?? null
  if (github === null) return [reportRoute(gate)]
  const monotonicMs = () => performance.now()
  const publicKeys = createPublicKeys({ url: github.publicKeysUrl, log, monotonicMs })
  return [reportRoute(gate), githubRoute(gate, publicKeys)]
}
