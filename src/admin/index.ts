/**
 * `lockgate/admin`: the admin listener for an app that has Lockgate inside. It answers the links of
 * mails (`/replace/…`), takes leak reports and serves the admin API, on a port of its own, so that none
 * of it is reached by accident through the app. `lockgate serve` has the same listener built in.
 */
import type { LeakSettings } from '../core/settings.ts'
import type { Gate } from '../engine/gate.ts'
import { type AdminServer, createAdminServer } from './admin-server.ts'

export type { AdminServer }

export interface AdminOptions {
  /** Takes the reports of GitHub's secret scanning partner programme; default: none are taken. */
  readonly leaks?: LeakSettings
  /** What `/health` says of your app; default `unknown`. */
  readonly version?: string
  /** True from the moment on that your app shuts down: `/health/ready` says 503 then. */
  readonly isDraining?: () => boolean
}

/**
 * The listener of `gate`. It does not close the gate; close the listener first.
 *
 * @example
 * const gate = await lockgate()
 * const admin = createAdmin(gate)
 * await admin.listen({ host: '127.0.0.1', port: 8788 })
 */
export function createAdmin(gate: Gate, options: AdminOptions = {}): AdminServer {
  const { leaks, version = 'unknown', isDraining = () => false } = options
  return createAdminServer({
    ...{ gate, version, isDraining, leaks, log: gate.log, publicUrl: gate.publicUrl },
    health: () => gate.health(),
  })
}
