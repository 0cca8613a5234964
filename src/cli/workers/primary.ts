/**
 * The primary process of `serve --workers`: the admin listener, the signals and the audit lines. Its
 * gate checks the keys of those who ask the admin listener, and follows the audit log, so that each
 * row comes out once however many workers there are.
 *
 * Stopping drains the workers, which write what they hold; then the gate shows the last rows.
 */
import { createAdminServer } from '../../admin/admin-server.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Settings } from '../../core/settings.ts'
import { mergeSnapshots } from '../../telemetry/snapshots.ts'
import { auditJson } from '../audit-view.ts'
import { announce, listenOrExplain, type Places, surviveWithoutReader } from '../listening.ts'
import { openOrExplain } from '../open.ts'
import { type StopSignal, timeToDrain } from '../stop-signal.ts'
import { ownVersion } from '../version.ts'
import { Crew } from './crew.ts'

/** For a worker to write what it holds, after the time that its requests have. */
const FLUSH_MS = 5_000

/** Resolves once everything is stopped. Rejects when it cannot start, or its workers keep dying. */
export async function serveWithWorkers(
  settings: Settings,
  { host, adminPort }: Places,
  count: number,
  stop: StopSignal,
  log: Logger,
): Promise<void> {
  surviveWithoutReader(log)
  const gate = await openOrExplain(settings, {
    ...{ log, actor: 'gateway' },
    onAudit: (row) => process.stdout.write(`${auditJson(row)}\n`),
  })
  const crew = new Crew(count, log)
  const admin = createAdminServer({
    ...{ gate, health: () => crew.health(), workers: () => crew.size, isDraining: stop.isReceived },
    ...{ publicUrl: settings.publicUrl, leaks: settings.leaks },
    ...{ log, version: ownVersion(), metrics: async () => mergeSnapshots(await crew.metrics()) },
  })
  try {
    const adminAt = await listenOrExplain(admin, host, adminPort, '--admin-port')
    const at = await crew.start()
    announce(settings, at, adminAt, log, ` by ${count} workers`)
    await Promise.race([timeToDrain(stop, settings.gateway.drainDelayMs, log), crew.ended])
  } finally {
    await crew.stop(settings.gateway.drainTimeoutMs + FLUSH_MS)
    await admin.close()
    await gate.close()
  }
}
