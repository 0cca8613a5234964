/**
 * Puts the engine together: store, counters and clock in, a Gate out. Knows no concrete store or
 * counters and no HTTP.
 */
import type { AuditRow } from '../core/audit.ts'
import type { Allowed } from '../core/decision.ts'
import { createKeyFormat } from '../core/key/format.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { CheckpointedCounters, Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import { type GateMetrics, NO_GATE_METRICS } from '../core/ports/metrics.ts'
import type { Store } from '../core/ports/store.ts'
import type { AddressSettings, HttpSettings, KeySettings } from '../core/settings.ts'
import type { Tier } from '../core/tier.ts'
import { createAddressGuard } from './address-guard.ts'
import { AuditFollower } from './audit-follower.ts'
import { AuditJournal } from './audit-journal.ts'
import { createAuditLog } from './audit-log.ts'
import type { CachedKey } from './cached-key.ts'
import { Checker } from './check.ts'
import { Checkpoint } from './checkpoint.ts'
import { createFreshness } from './freshness.ts'
import type { Gate } from './gate.ts'
import { healthOf } from './health.ts'
import { KeyCache } from './key-cache.ts'
import { createKeyDirectory } from './key-directory.ts'
import { KeyFeed } from './key-feed.ts'
import { meterChecks } from './metered-checks.ts'
import type { OutageCounters } from './outage/outage-counters.ts'
import { auditEntryOf } from './outage/outage-event.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { createSecretHasher, type SecretHasher } from './secrets/hasher.ts'
import { createHashingPool } from './secrets/hashing-pool.ts'
import { createSecretVerifier } from './secrets/verifier.ts'
import { UNFINISHED } from './unfinished.ts'
import { watchStore } from './watched-store.ts'

/** Audit entries and usage reach the store within this time. */
const ROUND_MS = 1_000

export interface GateParts {
  readonly store: Store
  readonly counters: Counters | CheckpointedCounters | OutageCounters
  readonly clock: Clock
  readonly keys: KeySettings
  readonly tiers: ReadonlyMap<string, Tier>
  readonly address: AddressSettings | null
  readonly http: HttpSettings
  readonly log: Logger
  /** Who this process is in the audit log: `gateway`, `library`, `cli`. */
  readonly actor: string
  /** Receives every new audit row within about a second of its being durable. */
  readonly onAudit?: ((row: AuditRow) => void) | undefined
  /** Counts what the gate does; default: nobody. */
  readonly metrics?: GateMetrics | undefined
}

/** Resolves when saved usage is restored. The gate owns store and counters from then on. */
export async function createGate(parts: GateParts): Promise<Gate> {
  const { clock, counters, keys, log, tiers, metrics = NO_GATE_METRICS } = parts
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
  const cache = new KeyCache({
    ...{ store, clock, tiers, freshness: feed ?? createFreshness(store, clock) },
    onStoreFailure: (error) => log.error({ err: error }, 'the store failed'),
  })
  const checker = new Checker({
    ...{ cache, counters, journal, clock, log, actor: parts.actor },
    format: createKeyFormat(keys.prefix),
    verifier: createSecretVerifier({ hasher, pool }),
    addresses: createAddressGuard(parts.address, counters),
    onRehash: (key, secret) => void renewHash({ store, counters, log }, cache, hasher, key, secret),
  })
  const rounds = startRounds(
    ROUND_MS,
    [
      { name: 'store', run: probe },
      { name: 'audit', run: () => journal.flush() },
      { name: 'usage', run: async () => checkpoint?.save() },
      { name: 'audit feed', run: async () => follower?.showNew() },
    ],
    (task, error) => log.error({ err: error, task }, 'could not be saved; it will be tried again'),
  )
  // By itself, so that a long write of the audit log does not hold it up.
  const feedRounds = startRounds(
    ROUND_MS,
    feed ? [{ name: 'keys', run: () => feed.read((keyId) => cache.invalidate(keyId)) }] : [],
    (_, error) => log.error({ err: error }, 'changes of keys could not be read; tried again'),
  )
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
    settle: (allowed: Allowed, requestId?: string) => settle(counters, allowed, log, requestId),
    keys: createKeyDirectory({
      ...{ store, counters, cache, hasher, clock, tiers, log },
      format: createKeyFormat(keys.prefix),
      defaultActor: parts.actor,
    }),
    ...UNFINISHED,
    audit: createAuditLog(store, journal),
    tiers,
    address: parts.address,
    http: parts.http,
    log,
    notes: { warnings: new Set<string>(), routes: new Map<string, number>() },
    health: () =>
      healthOf({
        store: storeState,
        failing: rounds.failing(),
        feedFails: feedRounds.failing().length > 0,
        outage: outages?.outage(),
      }),
    close: closeOnce(parts, [rounds, feedRounds], async () => {
      checker.close()
      await journal.flush()
      await checkpoint?.save()
      await follower?.showNew()
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
  const settled = counters.settle(allowed.receipt)
  if (settled instanceof Promise) {
    settled.catch((error: unknown) => {
      log.error({ err: error, request_id: requestId }, 'a request could not be settled')
    })
  }
}

/** A hash made with other parameters is renewed while the secret is at hand; nobody waits for it. */
async function renewHash(
  { store, counters, log }: Pick<GateParts, 'store' | 'counters' | 'log'>,
  cache: KeyCache,
  hasher: SecretHasher,
  { record }: CachedKey,
  secret: string,
): Promise<void> {
  try {
    const to = await hasher.hash(secret)
    const change = { kind: 'rehash', from: record.secretHash, to } as const
    const renewed = await store.changeKey(record.keyId, change, null)
    await counters.setKeyVersion(renewed.keyId, renewed.version)
    cache.put(renewed)
  } catch (error) {
    log.warn({ err: error, key_id: record.keyId }, 'the hash could not be renewed')
  }
}

function closeOnce(
  { counters, store }: Pick<GateParts, 'counters' | 'store'>,
  allRounds: readonly Rounds[],
  lastRound: () => Promise<void>,
): () => Promise<void> {
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    for (const rounds of allRounds) rounds.stop()
    try {
      await lastRound()
    } finally {
      await counters.close()
      await store.close()
    }
  }
  return () => {
    closing ??= close()
    return closing
  }
}
