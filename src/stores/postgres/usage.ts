/**
 * Usage checkpoints of instances that count in memory. Every method runs in a session of its caller;
 * `save` and `add` inside a transaction.
 */
import type { UsageDelta } from '../../core/ports/counters.ts'
import type { SqlBuilder, UsageMetersTable } from '../tables/tables.ts'
import {
  addChunks,
  liveChunks,
  liveMeters,
  pruneUsage,
  putMeters,
} from '../tables/usage-queries.ts'
import { chunkFrom, deltasFrom, metersFrom } from '../tables/usage-rows.ts'
import { groupsOf } from './groups.ts'
import type { Session } from './session.ts'

export class Usage {
  readonly #sql: SqlBuilder

  constructor(sql: SqlBuilder) {
    this.#sql = sql
  }

  async save(session: Session, usage: readonly UsageDelta[], nowMs: number): Promise<void> {
    await this.add(session, usage)
    await session.all(pruneUsage(this.#sql, 'usage_chunks'), { now_ms: nowMs })
    await session.all(pruneUsage(this.#sql, 'usage_meters'), { now_ms: nowMs })
  }

  async add(session: Session, usage: readonly UsageDelta[]): Promise<void> {
    const chunks = usage.map(chunkFrom).filter((chunk) => chunk !== undefined)
    for (const rows of groupsOf(chunks)) await session.all(addChunks(this.#sql, rows))
    for (const rows of groupsOf(newest(usage))) await session.all(putMeters(this.#sql, rows))
  }

  async load(session: Session, nowMs: number): Promise<UsageDelta[]> {
    const chunks = await session.all(liveChunks(this.#sql), { now_ms: nowMs })
    const meters = await session.all(liveMeters(this.#sql), { now_ms: nowMs })
    return deltasFrom(chunks, meters)
  }
}

/**
 * One row per meter, the last that was given, because a statement cannot write a row twice. In one
 * order for all instances, or two that save at once could wait for each other.
 */
function newest(usage: readonly UsageDelta[]): UsageMetersTable[] {
  const rows = usage.flatMap(metersFrom)
  const byMeter = new Map(rows.map((row) => [JSON.stringify([row.subject, row.limit_name]), row]))
  return [...byMeter].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
