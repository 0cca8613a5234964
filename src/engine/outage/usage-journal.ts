/**
 * What this instance admitted by itself, until the shared counters know of it.
 *
 * Per subject the times of its units, oldest first, and no more of them than its limits can look at.
 * Bounded like the pools of counters in memory: when there is no room, a new subject is not
 * remembered. That loses nothing that a limit here depends on: this instance's own counters have it.
 */
import type { Limit } from '../../core/limits/limit.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { LocalUsage } from '../../core/ports/counters.ts'
import { type Reach, reachOf, UnitLog } from './unit-log.ts'

const MAX_KEYS = 1_000_000
const MAX_OTHERS = 200_000
/** One merge: few enough units for a server to take between two requests. */
const BATCH_SUBJECTS = 200
const BATCH_UNITS = 5_000

export type Batch = ReadonlyMap<string, UnitLog>

export class UsageJournal {
  readonly #clock: Clock
  readonly #reaches = new WeakMap<readonly Limit[], Reach>()
  /** Keys and their routes; they are merged first. */
  readonly #keys = new Map<string, UnitLog>()
  /** Addresses, of which an attacker may have many. */
  readonly #others = new Map<string, UnitLog>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0 && this.#others.size === 0
  }

  /** Counts them all; not for the path of a request. */
  units(): number {
    let units = 0
    for (const logs of [this.#keys, this.#others]) {
      for (const log of logs.values()) units += log.count
    }
    return units
  }

  add(subject: string, limits: readonly Limit[], units: number, atMs: number): void {
    if (limits.length === 0) return
    const logs = this.#mapOf(subject)
    const log = logs.get(subject) ?? this.#newLog(logs, atMs)
    if (log === undefined) return
    log.limits = limits
    log.push(atMs, units, this.#reachOf(limits))
    // The one that was used last comes last, so the first is the first to have expired.
    logs.delete(subject)
    logs.set(subject, log)
  }

  /** Takes out units of a charge that was admitted at `atMs`, as far as they are still here. */
  giveBack(subject: string, units: number, atMs: number): void {
    this.#mapOf(subject).get(subject)?.remove(atMs, units)
  }

  /** Hands out what the next merge should hold; nothing is in it when nothing is left. */
  take(): { readonly batch: Batch; readonly units: number } {
    const batch = new Map<string, UnitLog>()
    let units = 0
    for (const logs of [this.#keys, this.#others]) {
      for (const [subject, log] of logs) {
        if (batch.size >= BATCH_SUBJECTS || units >= BATCH_UNITS) return { batch, units }
        const taken = log.takeOldest(BATCH_UNITS - units)
        if (log.count === 0) logs.delete(subject)
        if (taken.count > 0) batch.set(subject, taken)
        units += taken.count
      }
    }
    return { batch, units }
  }

  /** Takes a batch that was not merged back in front of what has come meanwhile. */
  putBack(batch: Batch): void {
    for (const [subject, log] of batch) {
      const logs = this.#mapOf(subject)
      const newer = logs.get(subject)
      if (newer !== undefined) {
        log.limits = newer.limits
        log.append(newer, this.#reachOf(newer.limits))
      }
      logs.set(subject, log)
    }
  }

  /** A batch as shared counters take it: without what no limit looks at any more. */
  usageOf(batch: Batch): LocalUsage[] {
    const nowMs = this.#clock.monotonicMs()
    const usage: LocalUsage[] = []
    for (const [subject, log] of batch) {
      const agesMs = log.agesMs(nowMs, this.#reachOf(log.limits).horizonMs)
      if (agesMs.length > 0) usage.push({ subject, limits: log.limits, agesMs })
    }
    return usage
  }

  #mapOf(subject: string): Map<string, UnitLog> {
    return subject.startsWith('k') || subject.startsWith('r') ? this.#keys : this.#others
  }

  #newLog(logs: Map<string, UnitLog>, nowMs: number): UnitLog | undefined {
    for (const [subject, oldest] of logs) {
      if (oldest.newestMs <= nowMs - this.#reachOf(oldest.limits).horizonMs) logs.delete(subject)
      break
    }
    const room = logs === this.#keys ? MAX_KEYS : MAX_OTHERS
    return logs.size < room ? new UnitLog() : undefined
  }

  #reachOf(limits: readonly Limit[]): Reach {
    const known = this.#reaches.get(limits)
    if (known !== undefined) return known
    const reach = reachOf(limits)
    this.#reaches.set(limits, reach)
    return reach
  }
}
