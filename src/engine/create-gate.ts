/**
 * Puts the engine together: store, counters and clock in, a Gate out. Knows no concrete store or
 * counters and no HTTP.
 */
import type { AuditRow } from '../core/audit.ts'
import type { Allowed } from '../core/decision.ts'
import { createKeyFormat } from '../core/key/format.ts'
import type { AuditSigner } from '../core/ports/audit-signer.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { CheckpointedCounters, Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Mailer } from '../core/ports/mailer.ts'
import { type GateMetrics, NO_GATE_METRICS } from '../core/ports/metrics.ts'
import type { Store } from '../core/ports/store.ts'
import type { Webhooks } from '../core/ports/webhooks.ts'
import type {
  AddressSettings,
  AnomalySettings,
  AuditSettings,
  HttpSettings,
  KeySettings,
  MailSettings,
  SpendSettings,
} from '../core/settings.ts'
import type { Tier } from '../core/tier.ts'
import { ActivityRecorder } from './activity/activity-recorder.ts'
import { createAddressGuard } from './address-guard.ts'
import { AuditFollower } from './audit-follower.ts'
import { AuditJournal } from './audit-journal.ts'
import { createAuditLog } from './audit-log.ts'
import { startBackground } from './background.ts'
import { Checker } from './check.ts'
import { Checkpoint } from './checkpoint.ts'
import { createChores } from './chores.ts'
import { closeOnce } from './close-once.ts'
import { createFreshness } from './freshness.ts'
import type { Gate } from './gate.ts'
import { healthOf } from './health.ts'
import { KeyCache } from './key-cache.ts'
import { createKeyDirectory } from './key-directory.ts'
import { KeyFeed } from './key-feed.ts'
import { createLeakResponse } from './leak-response.ts'
import { meterChecks } from './metered-checks.ts'
import type { OutageCounters } from './outage/outage-counters.ts'
import { auditEntryOf } from './outage/outage-event.ts'
import { Refusals } from './refusals.ts'
import { renewHash } from './renew-hash.ts'
import { createSecretHasher } from './secrets/hasher.ts'
import { createHashingPool } from './secrets/hashing-pool.ts'
import { createSecretVerifier } from './secrets/verifier.ts'
import type { SettingsDigests } from './settings-record.ts'
import { createSpending } from './spend/spending.ts'
import { watchStore } from './watched-store.ts'

export interface GateParts {
  readonly store: Store
  readonly counters: Counters | CheckpointedCounters | OutageCounters
  readonly clock: Clock
  readonly keys: KeySettings
  readonly tiers: ReadonlyMap<string, Tier>
  readonly address: AddressSettings | null
  readonly http: HttpSettings
  readonly log: Logger
  /** The base of links in mails, without a slash at its end. */
  readonly publicUrl: string
  readonly mail: Pick<MailSettings, 'operatorCopy'>
  readonly anomaly: AnomalySettings
  /** null: nothing about money is configured, so nothing is metered. */
  readonly spend: SpendSettings | null
  readonly expiryRemindersMs: readonly number[]
  /** The gate closes it. Default null: mail waits in the store for a process that has one. */
  readonly mailer?: Mailer | null | undefined
  /** Posts what waits for the receiver of webhooks. The gate closes it. Default null: there is none. */
  readonly webhooks?: Webhooks | null | undefined
  /**
   * Whether this gate looks after what concerns all that share the store, such as mail that waits.
   * Default true; false for what is over in a moment.
   */
  readonly chores?: boolean | undefined
  /** Who this process is in the audit log: `gateway`, `library`, `cli`. */
  readonly actor: string
  /** Signs checkpoints and exported heads of the audit log; without it neither can be made. */
  readonly auditSigner?: AuditSigner | undefined
  /** How long audit rows are kept. */
  readonly audit: Pick<AuditSettings, 'keepForMs' | 'keepRows'>
  /** By section: what changed since the last start is written down, as one of the chores. */
  readonly settingsDigests?: SettingsDigests | undefined
  /** Receives every new audit row within about a second of its being durable. */
  readonly onAudit?: ((row: AuditRow) => void) | undefined
  /** Counts what the gate does; default: nobody. */
  readonly metrics?: GateMetrics | undefined
}

/** Resolves when saved usage is restored. The gate owns store and counters from then on. */
export async function createGate(parts: GateParts): Promise<Gate> {
  const { clock, counters, keys, log, tiers, metrics = NO_GATE_METRICS } = parts
  const { mailer = null, webhooks = null, chores = true } = parts
  const { store, state: storeState, probe } = watchStore(parts.store, clock, metrics)
  const checkpoint = isCheckpointed(counters) ? new Checkpoint(counters, store, clock) : undefined
  await checkpoint?.restore()
  const follower = parts.onAudit && new AuditFollower(store, parts.onAudit)
  await follower?.skipExisting()
  const feed = store.tellsOfChanges ? undefined : new KeyFeed(store, clock)
  await feed?.skipExisting()

  const journal = new AuditJournal(clock, async (entries) => {
    await store.appendAudit(entries)
  })
  const outages = isWatched(counters) ? counters : undefined
  outages?.onOutage((event) => journal.add(auditEntryOf(event, parts.actor)))
  const hasher = createSecretHasher(keys)
  const pool = createHashingPool(keys.hashing)
  const verifier = createSecretVerifier({ hasher, pool })
  const format = createKeyFormat(keys.prefix)
  const addresses = createAddressGuard(parts.address, counters)
  const refusals = new Refusals({ addresses, journal, log, actor: parts.actor })
  const freshness = feed ?? createFreshness(store, clock)
  const cache = new KeyCache({
    ...{ store, clock, tiers, freshness },
    onStoreFailure: (error) => log.error({ err: error }, 'the store failed'),
  })
  const control = { store, counters, cache, format, hasher, clock, log, defaultActor: parts.actor }
  const activity = new ActivityRecorder(store, clock)
  const others = store.tellsOfChanges && checkpoint !== undefined ? freshness : undefined
  const spending =
    parts.spend === null
      ? undefined
      : await createSpending({
          ...{ ...control, tiers, settings: parts.spend, refusals, outages, others },
        })
  const checker = new Checker({
    ...{ cache, counters, clock, format, verifier, addresses, refusals, activity },
    holds: spending?.holds,
    onRehash: (key, secret) => void renewHash(control, key, secret),
  })
  const { leaks, links, postman, kick } = createLeakResponse({
    ...{ ...control, pool, verifier, refusals, mailer, webhooks, chores },
    ...{ publicUrl: parts.publicUrl, operatorCopy: parts.mail.operatorCopy },
  })
  const background = startBackground({
    ...{ log, probe, journal, checkpoint, follower, feed, cache, activity, spending },
    postman: chores && mailer !== null ? postman : undefined,
    chores: chores ? createChores({ ...parts, ...control, activity, kick, spending }) : [],
  })
  metrics.watch(() => {
    const stats = outages?.stats()
    return {
      auditQueue: journal.size,
      hashingRunning: pool.running,
      hashingQueued: pool.queued,
      cachedKeys: cache.size,
      countersOutage: outages?.outage() !== undefined,
      countersOutages: stats?.outages ?? 0,
      localDecisions: stats?.localDecisions ?? 0,
    }
  })

  return Object.freeze({
    ...meterChecks(checker, metrics, (keyId) => cache.lastKnown(keyId)?.record.tier),
    spend: spending?.desk ?? null,
    settle: (allowed: Allowed, requestId?: string) => settle(counters, allowed, log, requestId),
    keys: createKeyDirectory({ ...control, tiers }),
    ...{ leaks, links },
    post: Object.freeze({ deliver: () => postman.deliver() }),
    activityOf: (keyIds: readonly string[]) => activity.activityOf(keyIds),
    audit: createAuditLog({ store, journal, clock, actor: parts.actor, signer: parts.auditSigner }),
    tiers,
    address: parts.address,
    http: parts.http,
    publicUrl: parts.publicUrl,
    log,
    notes: { warnings: new Set<string>(), routes: new Map<string, number>() },
    health: () =>
      healthOf({
        store: storeState,
        failing: background.failing(),
        feedFails: background.feedFails(),
        outage: outages?.outage(),
      }),
    close: closeOnce({
      ...{ counters, store },
      async lastRound() {
        background.stop()
        checker.close()
        const posted = postman.close()
        try {
          await spending?.close()
          await journal.flush()
          await checkpoint?.save()
          await follower?.showNew()
          await activity.save()
        } finally {
          await posted
        }
      },
    }),
  })
}

function isCheckpointed(counters: GateParts['counters']): counters is CheckpointedCounters {
  return 'takeUsage' in counters
}

function isWatched(counters: GateParts['counters']): counters is OutageCounters {
  return 'onOutage' in counters
}

function settle(counters: Counters, allowed: Allowed, log: Logger, requestId?: string): void {
  allowed.reservation?.abandon()
  const settled = counters.settle(allowed.receipt)
  if (settled instanceof Promise) {
    settled.catch((error: unknown) => {
      log.error({ err: error, request_id: requestId }, 'a request could not be settled')
    })
  }
}
