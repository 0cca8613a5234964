/**
 * What `lockgate serve` does: the gateway and the admin listener, until SIGTERM or SIGINT.
 *
 * stdout carries audit rows as JSON lines and nothing else; logs and the one line for people go to
 * stderr. Stopping drains the gateway, flushes the audit log, and exits 0; a second signal does not
 * wait.
 */
import type { AddressInfo } from 'node:net'
import { createAdminServer } from '../admin/admin-server.ts'
import { loadSettings, readUpstream, UPSTREAM_RULE } from '../config/index.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'
import { createGateway } from '../gateway/index.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { metricsPage } from '../telemetry/snapshots.ts'
import { readPort } from './arguments.ts'
import { auditJson } from './audit-view.ts'
import { CommandError, UsageError } from './failure.ts'
import { type ConfigOption, openOrExplain } from './open.ts'
import { warn } from './output.ts'
import { exposureWarnings, unsetUpstreamHeaders } from './serving-checks.ts'
import { listenForStop } from './stop-signal.ts'
import { ownVersion } from './version.ts'

export interface ServeOptions extends ConfigOption {
  readonly upstream?: string
  readonly port: string
  readonly adminPort: string
  readonly host: string
}

/** Resolves once everything is stopped. Rejects when it cannot start. */
export async function serve(options: ServeOptions): Promise<void> {
  const places = {
    host: options.host,
    port: readPort(options.port, '--port'),
    adminPort: readPort(options.adminPort, '--admin-port'),
  }
  const settings = await loadForServing(options)
  const stop = listenForStop()
  const log = createLogger(settings.logLevel)
  surviveWithoutReader(log)
  const metrics = createMetrics(settings)
  const gate = await openOrExplain(settings, {
    ...{ log, actor: 'gateway', metrics: metrics.gate },
    onAudit: (row) => process.stdout.write(`${auditJson(row)}\n`),
  })
  const gateway = createGateway({
    ...{ gate, settings: settings.gateway, log, metrics: metrics.gateway },
  })
  const admin = createAdminServer({
    ...{ gate, health: () => gate.health(), isDraining: stop.isReceived, log },
    ...{ version: ownVersion(), metrics: () => metricsPage(metrics.registry) },
  })
  try {
    const adminAt = await listen(admin, places.host, places.adminPort, '--admin-port')
    const at = await listen(gateway, places.host, places.port, '--port')
    announce(settings, at, adminAt, log)
    await stop.received
    log.info({}, 'stopping: requests in flight may finish')
  } finally {
    await gateway.close()
    await admin.close()
    await gate.close()
  }
}

async function loadForServing({ config, upstream }: ServeOptions): Promise<Settings> {
  if (upstream !== undefined && readUpstream(upstream) === undefined) {
    throw new UsageError(`--upstream must be ${UPSTREAM_RULE}`)
  }
  const { settings } = await loadSettings({
    ...(config === undefined ? {} : { configFile: config }),
    ...(upstream === undefined ? {} : { overrides: { upstream } }),
  })
  const { gateway } = settings
  const everyRouteHasOne =
    gateway.routes.length > 0 && gateway.routes.every((route) => route.upstream !== undefined)
  if (gateway.upstream === undefined && !everyRouteHasOne) {
    throw new UsageError(
      'serve needs an upstream: add --upstream http://127.0.0.1:3000, or upstream to the configuration',
    )
  }
  const [unset] = unsetUpstreamHeaders(gateway)
  if (unset === undefined) return settings
  throw new CommandError(
    `upstreamHeaders.${unset} holds the word "undefined"; set the environment variable that the configuration reads`,
  )
}

interface Listener {
  listen(where: { readonly port: number; readonly host: string }): Promise<AddressInfo>
}

async function listen(
  listener: Listener,
  host: string,
  port: number,
  option: string,
): Promise<AddressInfo> {
  try {
    return await listener.listen({ port, host })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error)
    const reason =
      code === 'EADDRINUSE' ? 'the port is in use' : `it cannot be listened on (${code})`
    throw new CommandError(`${host}:${port}: ${reason}; choose another with ${option} or --host`)
  }
}

function announce(settings: Settings, at: AddressInfo, adminAt: AddressInfo, log: Logger): void {
  const { upstream = 'the upstreams of its routes' } = settings.gateway
  warn(
    `lockgate: gateway on ${urlOf(at)} in front of ${upstream}; health on ${urlOf(adminAt)}/health`,
  )
  for (const warning of exposureWarnings(settings, at.address)) log.warn({}, warning)
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`

/** Who reads the audit lines may go away; the gate stays shut and open as before. */
function surviveWithoutReader(log: Logger): void {
  process.stdout.removeAllListeners('error')
  let told = false
  process.stdout.on('error', () => {
    if (!told)
      log.warn({}, 'nobody reads stdout any more; audit rows are kept in the database only')
    told = true
  })
}
