/**
 * The primary process of `serve --workers`: the admin listener, the signals and the audit lines. It
 * checks no key and counts nothing, so it has the store open and no gate.
 *
 * The audit log is followed here and in no worker, so each row comes out once. Stopping drains the
 * workers, which write what they hold; then the last rows are shown.
 */
import { createAdminServer } from '../../admin/admin-server.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Store } from '../../core/ports/store.ts'
import type { Settings } from '../../core/settings.ts'
import { AuditFollower } from '../../engine/audit-follower.ts'
import { startRounds } from '../../engine/rounds.ts'
import { auditJson } from '../audit-view.ts'
import { announce, listenOrExplain, type Places, surviveWithoutReader } from '../listening.ts'
import { openStoreOrExplain } from '../open.ts'
import type { StopSignal } from '../stop-signal.ts'
import { Crew } from './crew.ts'

const ROUND_MS = 1_000
/** For a worker to write what it holds, after the time that its requests have. */
const FLUSH_MS = 5_000

/** Resolves once everything is stopped. Rejects when it cannot start, or its workers keep dying. */
export async function serveWithWorkers(
  settings: Settings,
  places: Places,
  count: number,
  stop: StopSignal,
  log: Logger,
): Promise<void> {
  surviveWithoutReader(log)
  const store = await openStoreOrExplain(settings)
  const crew = new Crew(count, log)
  const admin = createAdminServer({ health: () => crew.health(), isDraining: stop.isReceived })
  let endFeed: (() => Promise<void>) | undefined
  try {
    endFeed = await showAuditRows(store, log)
    const adminAt = await listenOrExplain(admin, places.host, places.adminPort, '--admin-port')
    const at = await crew.start()
    announce(settings, at, adminAt, log, ` by ${count} workers`)
    await Promise.race([stop.received, crew.ended])
    log.info({}, 'stopping: requests in flight may finish')
  } finally {
    await crew.stop(settings.gateway.drainTimeoutMs + FLUSH_MS)
    await admin.close()
    await endFeed?.()
    await store.close()
  }
}

/** Shows each new row of the audit log; the function that it gives shows the last ones and ends it. */
async function showAuditRows(store: Store, log: Logger): Promise<() => Promise<void>> {
  const follower = new AuditFollower(store, (row) => process.stdout.write(`${auditJson(row)}\n`))
  await follower.skipExisting()
  const onFailure = (task: string, error: unknown) =>
    log.error({ err: error, task }, 'failed; it will be tried again')
  const feed = { name: 'audit feed', run: () => follower.showNew() }
  const rounds = startRounds(ROUND_MS, [feed], onFailure)
  return async () => {
    rounds.stop()
    await follower.showNew().catch((error: unknown) => onFailure(feed.name, error))
  }
}
