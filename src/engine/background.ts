/**
 * What a gate does by itself each second. What may take long has rounds of its own, so that a long
 * write of the audit log holds up neither news of changed keys nor mail.
 */
import type { Logger } from '../core/ports/logger.ts'
import type { ActivityRecorder } from './activity/activity-recorder.ts'
import type { AuditFollower } from './audit-follower.ts'
import type { AuditJournal } from './audit-journal.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { KeyCache } from './key-cache.ts'
import type { KeyFeed } from './key-feed.ts'
import type { Postman } from './post/postman.ts'
import { type RoundTask, startRounds } from './rounds.ts'
import type { Spending } from './spend/spending.ts'

/** Audit entries and usage reach the store within this time. */
const ROUND_MS = 1_000
/** How keys are used decides nothing, so that it may be known a little later. */
const ACTIVITY_ROUND_MS = 5_000

export interface BackgroundParts {
  readonly log: Logger
  /** Asks a store that failed whether it is back. */
  readonly probe: () => Promise<void>
  readonly journal: AuditJournal
  readonly checkpoint: Checkpoint | undefined
  readonly follower: AuditFollower | undefined
  readonly feed: KeyFeed | undefined
  readonly cache: KeyCache
  /** undefined: nobody looks for mail that waits. */
  readonly postman: Postman | undefined
  readonly activity: ActivityRecorder
  /** What calls that cost money need; in rounds of their own, for leases must not wait. */
  readonly spending: Pick<Spending, 'rounds' | 'readNews'> | undefined
  /** What is done for all that share the store, now and then. */
  readonly chores: readonly RoundTask[]
}

export interface Background {
  /** Names of what could not be saved in the last round. */
  failing(): readonly string[]
  /** Changes of keys by other instances cannot be read. */
  feedFails(): boolean
  stop(): void
}

export function startBackground(parts: BackgroundParts): Background {
  const { log, probe, journal, checkpoint, follower, feed, cache, postman, spending } = parts
  const start = (tasks: readonly RoundTask[], problem: string, everyMs = ROUND_MS) =>
    startRounds(everyMs, tasks, (task, error) => log.error({ err: error, task }, problem))

  const saving = start(
    [
      { name: 'store', run: probe },
      { name: 'audit', run: () => journal.flush() },
      { name: 'usage', run: async () => checkpoint?.save() },
      { name: 'audit feed', run: async () => follower?.showNew() },
    ],
    'could not be saved; it will be tried again',
  )
  const feeding = start(
    feed ? [{ name: 'keys', run: () => feed.read((keyId) => cache.invalidate(keyId)) }] : [],
    'changes of keys could not be read; tried again',
  )
  const mailing = start(
    postman ? [{ name: 'mail', run: async () => void (await postman.run()) }] : [],
    'mail could not be fetched; it will be tried again',
  )
  const counting = start(
    [{ name: 'activity', run: () => parts.activity.save() }],
    'could not be saved; it will be tried again',
    ACTIVITY_ROUND_MS,
  )
  const metering = start(spending?.rounds ?? [], 'could not be saved; it will be tried again')
  const news = start(
    spending ? [{ name: 'spend caps', run: spending.readNews }] : [],
    'changes of spend caps could not be read; tried again',
  )
  const chores = start(parts.chores, 'a chore failed; it will be tried again')
  return {
    failing: () => [...saving.failing(), ...metering.failing()],
    feedFails: () => feeding.failing().length > 0,
    stop() {
      for (const rounds of [saving, feeding, mailing, counting, metering, news, chores])
        rounds.stop()
    },
  }
}
