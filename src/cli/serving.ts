/**
 * What `lockgate serve` does: the gateway and the admin listener, until SIGTERM or SIGINT.
 *
 * stdout carries audit rows as JSON lines and nothing else; logs and the one line for people go to
 * stderr. Stopping drains the gateway, flushes the audit log, and exits 0; a second signal does not
 * wait.
 */
import cluster from 'node:cluster'
import { createAdminServer } from '../admin/admin-server.ts'
import { loadSettings, readUpstream, UPSTREAM_RULE } from '../config/index.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Settings } from '../core/settings.ts'
import { createGateway } from '../gateway/index.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { metricsPage } from '../telemetry/snapshots.ts'
import { readWorkers } from './arguments.ts'
import { auditJson } from './audit-view.ts'
import { CommandError, UsageError } from './failure.ts'
import {
  announce,
  listenOrExplain,
  type Places,
  readPlaces,
  surviveWithoutReader,
} from './listening.ts'
import { type ConfigOption, openOrExplain } from './open.ts'
import { unsetUpstreamHeaders } from './serving-checks.ts'
import { listenForStop, type StopSignal, timeToDrain } from './stop-signal.ts'
import { ownVersion } from './version.ts'
import { serveWithWorkers } from './workers/primary.ts'
import { runWorker } from './workers/worker.ts'

export interface ServeOptions extends ConfigOption {
  readonly upstream?: string
  readonly port: string
  readonly adminPort: string
  readonly host: string
  readonly workers: string
}

/** Resolves once everything is stopped. Rejects when it cannot start. */
export async function serve(options: ServeOptions): Promise<void> {
  const places = readPlaces(options)
  const workers = readWorkers(options.workers)
  const settings = await loadForServing(options)
  const log = createLogger(settings.logLevel)
  if (workers === 1) return serveAlone(settings, places, listenForStop(), log)
  if (cluster.isWorker) return runWorker(settings, places, log)
  if (settings.redis === null) {
    throw new UsageError(
      `--workers ${options.workers} needs Redis, because each worker would count by itself: set LOCKGATE_REDIS_URL`,
    )
  }
  return serveWithWorkers(settings, places, workers, listenForStop(), log)
}

async function serveAlone(
  settings: Settings,
  { host, port, adminPort }: Places,
  stop: StopSignal,
  log: Logger,
): Promise<void> {
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
    ...{ publicUrl: settings.publicUrl, leaks: settings.leaks },
  })
  try {
    const adminAt = await listenOrExplain(admin, host, adminPort, '--admin-port')
    const at = await listenOrExplain(gateway, host, port, '--port')
    announce(settings, at, adminAt, log)
    await timeToDrain(stop, settings.gateway.drainDelayMs, log)
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
