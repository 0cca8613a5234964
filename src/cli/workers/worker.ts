/**
 * One worker of `serve --workers`: a gate and a gateway, nothing else. The primary process has the
 * admin port, the signals and the audit lines on stdout.
 *
 * SIGINT reaches a whole process group at Ctrl-C, so a worker leaves it to the primary. SIGTERM
 * drains it, as the primary's word does. A worker whose primary is gone ends at once: Node sees to it.
 */
import type { Logger } from '../../core/ports/logger.ts'
import type { Settings } from '../../core/settings.ts'
import { createGateway } from '../../gateway/index.ts'
import { createMetrics } from '../../telemetry/metrics.ts'
import { metricsSnapshot } from '../../telemetry/snapshots.ts'
import { CommandError, failureOf } from '../failure.ts'
import { listenOrExplain, type Places } from '../listening.ts'
import { openOrExplain } from '../open.ts'
import { type FromWorker, isToWorker } from './messages.ts'

const HEALTH_EVERY_MS = 1_000

/** Resolves once everything is stopped. A failure to start is the primary's to tell. */
export async function runWorker(settings: Settings, places: Places, log: Logger): Promise<void> {
  const stopped = stopAsked()
  try {
    await serveUntil(stopped, settings, places, log)
  } catch (error) {
    await tell({ lockgate: 'failed', message: failureOf(error).message })
    throw new CommandError('')
  } finally {
    process.disconnect()
  }
}

async function serveUntil(
  stopped: Promise<void>,
  settings: Settings,
  { host, port }: Places,
  log: Logger,
): Promise<void> {
  const metrics = createMetrics(settings)
  const gate = await openOrExplain(settings, { log, actor: 'gateway', metrics: metrics.gate })
  const gateway = createGateway({
    ...{ gate, settings: settings.gateway, log, metrics: metrics.gateway },
  })
  process.on('message', async (message) => {
    if (!isToWorker(message) || message.lockgate !== 'measure') return
    await tell({ lockgate: 'metrics', snapshot: await metricsSnapshot(metrics.registry) })
  })
  let timer: NodeJS.Timeout | undefined
  try {
    const address = await listenOrExplain(gateway, host, port, '--port')
    await tell({ lockgate: 'ready', address, health: gate.health() })
    timer = setInterval(
      () => void tell({ lockgate: 'health', health: gate.health() }),
      HEALTH_EVERY_MS,
    )
    await stopped
  } finally {
    clearInterval(timer)
    await gateway.close()
    await gate.close()
  }
}

function stopAsked(): Promise<void> {
  process.on('SIGINT', () => undefined)
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve())
    process.on('message', (message) => {
      if (isToWorker(message) && message.lockgate === 'stop') resolve()
    })
  })
}

/** Fulfils when it is sent, or cannot be: the primary is gone then, and this process ends soon. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
