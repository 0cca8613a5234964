/**
 * Puts together what a gate knows of money, and what it does about it each second. There is none where
 * the configuration says nothing of money.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { Counters } from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Store } from '../../core/ports/store.ts'
import type { SpendSettings } from '../../core/settings.ts'
import type { Tier } from '../../core/tier.ts'
import type { Freshness } from '../freshness.ts'
import type { SpendDesk } from '../gate.ts'
import type { KeyCache } from '../key-cache.ts'
import type { OutageCounters } from '../outage/outage-counters.ts'
import type { Refusals } from '../refusals.ts'
import type { RoundTask } from '../rounds.ts'
import { CapsBook } from './caps-book.ts'
import { expireSpend } from './expiry.ts'
import { Holds } from './holds.ts'
import { Leases } from './leases.ts'
import { ModelNames } from './model-names.ts'
import { Seeder } from './seeder.ts'
import { Settlements } from './settlements.ts'
import { createSpendDesk } from './spend-desk.ts'
import { SpendFeed } from './spend-feed.ts'
import { Trust } from './trust.ts'

export interface SpendingParts {
  readonly settings: SpendSettings
  readonly tiers: ReadonlyMap<string, Tier>
  readonly store: Store
  readonly counters: Counters
  /** Tells of outages; undefined for counters that have none. */
  readonly outages: Pick<OutageCounters, 'onOutage'> | undefined
  /** Tells of other processes; undefined where they share the counters, or nobody can tell. */
  readonly others: Freshness | undefined
  readonly cache: KeyCache
  readonly refusals: Refusals
  readonly clock: Clock
  readonly log: Logger
  readonly defaultActor: string
}

export interface Spending {
  readonly desk: SpendDesk
  readonly holds: Holds
  readonly caps: CapsBook
  /** What this process holds and owes; each second. */
  readonly rounds: readonly RoundTask[]
  /** What operators have changed elsewhere; each second. */
  readonly readNews: () => Promise<void>
  /** What is due for all that share the store. */
  readonly expire: () => Promise<void>
  /** Nothing is held from now on; what is known of costs is written. Never rejects. */
  close(): Promise<void>
}

/** Resolves once the operator's caps are read. */
export async function createSpending(parts: SpendingParts): Promise<Spending> {
  const { store, counters, clock, log } = parts
  const trust = new Trust({ counters, clock, others: parts.others })
  parts.outages?.onOutage((event) => {
    if (event.kind === 'ended') trust.outageEnded()
  })
  const caps = new CapsBook(parts)
  const seeder = new Seeder({ ledger: store, counters, clock, trust })
  const leases = new Leases(store, clock)
  const reread = (subjects: readonly string[]) => seeder.seed(subjects)
  const settlements = new Settlements({ ledger: store, counters, leases, clock, log, reread })
  const held = { counters, caps, trust, seeder, leases, settlements, log }
  const holds = new Holds({ ledger: store, names: new ModelNames(parts.settings.prices), ...held })
  const feed = new SpendFeed({ store, caps, trust })
  await feed.start()
  let isClosed = false
  const desk = createSpendDesk({ ...parts, ...held, holds, feed, isClosed: () => isClosed })

  return Object.freeze({
    ...{ desk, holds, caps },
    rounds: [
      { name: 'leases of calls', run: () => leases.renew() },
      { name: 'costs of calls', run: () => settlements.flush() },
      { name: 'costs of calls in counters', run: () => settlements.retell() },
    ],
    readNews: () => feed.read(),
    expire: () => expireSpend({ ...parts, settlements }),
    async close() {
      isClosed = true
      try {
        await settlements.flush()
      } catch (error) {
        log.error({ err: error }, 'costs could not be saved: their calls are charged in full')
      }
    },
  })
}
